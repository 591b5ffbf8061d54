import LinkOps
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("linkworker probe")
struct ProbeCommandTests {
  private func answer(_ status: Int, _ body: String = "", header: String = "X: y") -> String {
    "HTTP/1.1 \(status) S\r\n\(header)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test("ends with 0 where the worker answers 200, with 1 where 503, and shows what it says", arguments: [200, 503])
  func answers(status: Int) throws {
    let server = try PageServer(answer(status, "{\"ready\":…}\n"))
    let outcome = try Program.run("probe", "readyz", "--address", "127.0.0.1:\(server.port)")
    #expect(outcome.code == (status == 200 ? 0 : 1))
    #expect(outcome.output == "{\"ready\":…}\n")
    #expect(outcome.errors.isEmpty)
  }

  @Test(
    "asks where the settings say that the worker listens, whatever else they lack", arguments: ["127.0.0.1", "0.0.0.0"])
  func settings(host: String) throws {
    let server = try PageServer(answer(200, "{}\n"))
    let address = "\(host):\(server.port)"
    let scratch = try Scratch()
    let file = try scratch.write(
      "worker.properties",
      "admin.listen=\(address)\nkafka.sasl.password.file=/nowhere\nkafka.ssl.key.location=/nowhere\n")
    let environments = [["LINKWORKER_ADMIN_LISTEN": address], ["LINKWORKER_CONFIG": file]]
    for environment in environments {
      let outcome = try Program.run("probe", "livez", environment: environment)
      #expect(outcome.code == 0 && outcome.output == "{}\n", "\(outcome.errors)")
    }
    #expect(try Program.run("probe", "livez", "--config", file).code == 0)
    #expect(try Program.run("probe", "livez", "-X", "admin.listen=\(address)").code == 0)
    let elsewhere = try Program.run(
      "probe", "livez", "--address", "127.0.0.1:\(server.port)",
      environment: ["LINKWORKER_ADMIN_LISTEN": "none", "LINKWORKER_CONFIG": "/nowhere"])
    #expect(elsewhere.code == 0, "--address wins, and the settings do not matter")
  }

  @Test("says that the settings name no place where a worker could be asked", arguments: ["none", "127.0.0.1:0"])
  func nowhere(listen: String) throws {
    let outcome = try Program.run("probe", "readyz", "-X", "admin.listen=\(listen)")
    #expect(outcome.code == 78 && outcome.output.isEmpty && outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("linkworker: probe: admin.listen: is ") && outcome.errors.contains(" Try: "))
  }

  @Test("reaches a worker that listens at every address by the loopback")
  func destinations() throws {
    for (listen, destination) in [
      ("0.0.0.0:1", "127.0.0.1:1"), ("[::]:2", "[::1]:2"), ("[0:0::0]:3", "[::1]:3"), ("[fe80::1]:4", "[fe80::1]:4"),
      ("10.0.0.1:5", "10.0.0.1:5"),
    ] { #expect(try #require(ListenAddress(listen)).asDestination.description == destination) }
  }

  @Test("says that what answers is no worker, and follows no redirect", arguments: [302, 404, 500])
  func strangers(status: Int) throws {
    let good = try PageServer(answer(200))
    let server = try PageServer(answer(status, header: "Location: http://127.0.0.1:\(good.port)/livez"))
    let outcome = try Program.run("probe", "livez", "--address", "127.0.0.1:\(server.port)")
    #expect(outcome.code == 69 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("\(status), as no worker does") && outcome.errors.contains(" Try: "))
  }

  @Test("takes neither what is no HTTP nor a page without end", arguments: [false, true])
  func nonsense(isLong: Bool) throws {
    let server = try PageServer(isLong ? answer(200, String(repeating: "x", count: 100_000)) : "SSH-2.0-x\r\n")
    let outcome = try Program.run("probe", "livez", "--address", "127.0.0.1:\(server.port)")
    #expect(outcome.code == 69 && outcome.output.isEmpty && outcome.errorLines.count == 1)
  }

  @Test("says that nobody answers, whatever proxy the environment names")
  func nobody() throws {
    let port = try PageServer("").port
    let proxy = try PageServer(answer(200))
    let outcome = try Program.run(
      "probe", "livez", "--address", "127.0.0.1:\(port)", environment: ["http_proxy": "http://127.0.0.1:\(proxy.port)"])
    #expect(outcome.code == 69 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("linkworker: probe: 127.0.0.1:\(port): "))
    #expect(outcome.errors.contains("admin.listen"))
  }

  @Test(
    "refuses a command line that makes no sense",
    arguments: [
      "", "health", "livez|readyz", "livez|--address|nowhere", "livez|--address|a@b:1", "livez|--address|a/b:1",
    ])
  func refusals(line: String) throws {
    let outcome = try Program.Running(["probe"] + line.split(separator: "|").map(String.init)).end()
    #expect(outcome.code == 64 && outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains(" Try: "))
  }
}
