// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules: Swift 6 mode, no warning, no import that leaks by accident.
let rules: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Named places at which a worker can be made to die: in debug builds, which the tests run, and nowhere else.
let failpoints: SwiftSetting = .define("FAILPOINTS", .when(configuration: .debug))

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: rules)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], beside documents: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["LinkTestSupport"], exclude: documents, swiftSettings: rules)
}

let package = Package(
  name: "linkworker",
  products: [
    .executable(name: "linkworker", targets: ["linkworker"]),
    .executable(name: "linkbench", targets: ["LinkBench"]),
  ],
  targets: [
    // C libraries
    .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // The core: no IO, no clock, no C
    module("LinkCore"),

    // Where tests make a worker die or stand still; empty in a release build
    .target(name: "LinkFailpoints", swiftSettings: rules + [failpoints]),

    // HTTP as it is served, by the worker's admin address and by the adapter emulator
    module("LinkHTTPServer", ["LinkCore", "CMicroHTTPD"]),

    // Edges: each one outside thing; none imports another
    module("LinkCrypto", ["LinkCore", "COpenSSL"]),
    module("LinkKafka", ["LinkCore", "LinkFailpoints", "CRdKafka"]),
    module("LinkHTTP", ["LinkCore", "CCurl"]),
    module("LinkStore", ["LinkCore", "CSQLite"]),
    module("LinkOps", ["LinkCore", "LinkHTTPServer"]),
    module("LinkSandbox", ["LinkCore", "LinkCrypto", "LinkHTTPServer", "CRdKafka"]),

    // The engine in a simulated world
    module("LinkSimulation", ["LinkCore"]),

    // Wiring
    module(
      "LinkCommands",
      [
        "LinkCore", "LinkFailpoints", "LinkCrypto", "LinkKafka", "LinkHTTP", "LinkHTTPServer", "LinkStore", "LinkOps",
        "LinkSandbox",
        "LinkSimulation",
      ]),
    .executableTarget(name: "linkworker", dependencies: ["LinkCommands"], swiftSettings: rules),

    // The benchmark
    .executableTarget(
      name: "LinkBench",
      dependencies: ["LinkCore", "LinkCrypto", "LinkHTTP", "LinkSandbox", "LinkStore", "CRdKafka"],
      swiftSettings: rules),

    // Tests
    .target(
      name: "LinkTestSupport", dependencies: ["LinkCore", "LinkCrypto", "LinkKafka", "LinkSandbox", "CRdKafka"],
      path: "Tests/LinkTestSupport", swiftSettings: rules),
    tests("LinkCoreTests", ["LinkCore", "LinkCrypto"]),
    tests("LinkStoreTests", ["LinkStore", "LinkCore", "LinkCrypto", "LinkSimulation"]),
    tests("LinkHTTPTests", ["LinkHTTP", "LinkCore", "LinkSandbox"]),
    tests("LinkKafkaTests", ["LinkKafka", "LinkCore", "LinkSandbox", "CRdKafka"]),
    tests("LinkSimulationTests", ["LinkSimulation", "LinkCore", "LinkCrypto"]),
    tests("DifferentialTests", ["LinkSimulation", "LinkCore", "LinkCrypto", "LinkKafka", "LinkSandbox"]),
    tests("LinkSandboxTests", ["LinkSandbox", "LinkHTTPServer", "LinkCore"]),
    tests("LinkOpsTests", ["LinkOps", "LinkCore"]),
    tests(
      "LinkCommandsTests",
      ["LinkCommands", "LinkOps", "LinkKafka", "LinkSandbox", "LinkCore", "LinkCrypto", "linkworker"]),
    tests("ProjectTests"),
    tests(
      "ChaosTests", ["LinkCore", "LinkFailpoints", "LinkKafka", "LinkSandbox", "CRdKafka", "linkworker"],
      beside: ["rows.md"]),
    tests("EndToEndTests", ["LinkCore", "LinkCrypto", "LinkKafka", "LinkSandbox", "linkworker"]),
  ],
  swiftLanguageModes: [.v6]
)
