/// Certificates of a test's own, made by the `openssl` command.
public final class Certificates: Sendable {
  private let scratch: Scratch

  /// Makes what a script asks for, which may use `authority NAME`, `sign NAME AUTHORITY DAYS ALTERNATIVE-NAMES` (the subject is `CN=NAME`) and
  /// `lock NAME`, which encrypts a key under `SecureKafka.keyPassword`.
  public init(_ script: String) throws {
    scratch = try Scratch()
    let functions = """
      set -e
      cd "$1"
      key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out $1.key; }
      authority() { key $1; openssl req -x509 -new -key $1.key -subj "/CN=Test authority $1" -days 30 -out $1.pem; }
      sign() {
        key $1
        openssl req -new -key $1.key -subj "/CN=$1" -out $1.csr
        echo "subjectAltName=$4" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $3 -extfile $1.ext -out $1.pem
      }
      lock() { openssl pkcs8 -topk8 -in $1.key -passout "pass:$KEY" -out $1.locked; mv $1.locked $1.key; }

      """
    let outcome = try RunningProgram.run(
      ["sh", "-c", functions + script, "sh", scratch.path], environment: ["KEY": SecureKafka.keyPassword])
    guard outcome.code == 0 else { throw Missing("The certificates: \(outcome.errorText)") }
  }

  /// Removes the files before this goes.
  public func remove() { Scratch.remove(scratch.path) }

  /// The path of a file.
  public subscript(name: String) -> String { scratch[name] }
}
