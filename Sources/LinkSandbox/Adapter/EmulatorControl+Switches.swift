import LinkCore
import LinkHTTPServer

extension EmulatorControl {
  /// `GET outage`: `{"outage":"off"}`, or the kind.
  static func outage(_ core: EmulatorCore) -> HTTPReply {
    .json(200, Array("{\"outage\":\"\(core.outage?.name ?? "off")\"}".utf8))
  }

  /// `PUT outage`: `on`, `off` or a kind; answers as `GET` does then.
  static func setOutage(_ body: [UInt8], _ core: EmulatorCore) -> HTTPReply {
    let word = String(decoding: body.last == 0x0A ? body.dropLast() : body[...], as: UTF8.self)
    switch word {
    case "off": core.setOutage(nil)
    case "on": core.setOutage(.usual)
    default:
      guard let kind = EmulatorOutage(name: word) else {
        return .error(400, "An outage is on, off, hang, cut, refuse or a status from 500 to 599")
      }
      core.setOutage(kind)
    }
    return outage(core)
  }

  /// `PUT rates`: takes the place of all rates; answers as `GET` does then.
  static func setRates(_ body: [UInt8], _ core: EmulatorCore) -> HTTPReply {
    do {
      core.setRates(try EmulatorRates(json: body))
    } catch {
      return .error(400, "\(error.pointer.isEmpty ? "" : error.pointer + ": ")\(error.sentence)")
    }
    return .json(200, core.rates.json)
  }
}
