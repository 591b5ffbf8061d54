import LinkCore
import Testing

@Suite("Timestamps as RFC 3339")
struct TimestampTests {
  @Test(
    "A moment is read as RFC 3339 has it",
    arguments: [
      ("1970-01-01T00:00:00Z", 0),
      ("1970-01-01T00:00:00.001Z", 1),
      ("1969-12-31T23:59:59.999Z", -1),
      ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
      ("2026-01-02t03:04:05.678z", 1_767_323_045_678),
      ("2026-01-02T04:34:05.678+01:30", 1_767_323_045_678),
      ("2026-01-01T22:04:05.678-05:00", 1_767_323_045_678),
      ("2026-01-02T03:04:05.6789999999999999999999Z", 1_767_323_045_678),
      ("2026-01-02T03:04:05.6Z", 1_767_323_045_600),
      ("2026-01-02T03:04:05-00:00", 1_767_323_045_000),
      ("2024-02-29T00:00:00Z", 1_709_164_800_000),
      ("2000-02-29T00:00:00Z", 951_782_400_000),
      ("0000-01-01T00:00:00Z", -62_167_219_200_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
      ("1998-12-31T23:59:60Z", 915_148_800_000),
      ("1998-12-31T15:59:60.123-08:00", 915_148_800_123),
      ("2026-01-02T03:04:05+23:59", 1_767_236_705_000),
    ] as [(String, Int64)])
  func readsMoments(text: String, milliseconds: Int64) {
    #expect(Timestamp(rfc3339: text.utf8)?.milliseconds == milliseconds)
  }

  @Test(
    "What RFC 3339 does not have is not read",
    arguments: [
      "", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04Z", "2026-01-02 03:04:05Z",
      "2026-01-02T03:04:05.Z",
      "2026-01-02T03:04:05,6Z", "2026-1-02T03:04:05Z", "2026-13-02T03:04:05Z", "2026-00-02T03:04:05Z",
      "2026-01-00T03:04:05Z",
      "2026-01-32T03:04:05Z", "2026-04-31T03:04:05Z", "2026-02-29T03:04:05Z", "1900-02-29T03:04:05Z",
      "2026-01-02T24:00:00Z",
      "2026-01-02T03:60:05Z", "2026-01-02T03:04:61Z", "2026-01-02T03:04:60Z", "1998-12-31T22:59:60Z",
      "1998-12-31T23:58:60Z",
      "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05+01:60", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05+01",
      "2026-01-02T03:04:05Z ", " 2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z\n", "2026-01-02T03:04:05ZZ",
      "+2026-01-02T03:04:05Z",
      "12026-01-02T03:04:05Z", "2026-01-02T03:04:05\u{2212}01:00", "২০২৬-01-02T03:04:05Z", "-026-01-02T03:04:05Z",
    ])
  func refusesWhatIsNoMoment(text: String) { #expect(Timestamp(rfc3339: text.utf8) == nil) }

  @Test("What is written is UTC with milliseconds, and is read as the same moment")
  func roundTrips() {
    #expect(Timestamp(milliseconds: 1_767_323_045_678).rfc3339 == "2026-01-02T03:04:05.678Z")
    #expect(Timestamp(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
    var random = SeededRandom(seed: 1)
    for _ in 0..<20_000 {
      let moment = Timestamp(milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
      #expect(Timestamp(rfc3339: moment.rfc3339.utf8) == moment)
    }
  }

  @Test("Every day of 800 years is written as the next one after its predecessor")
  func countsDays() {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var milliseconds: Int64 = -11_676_096_000_000  // 1600-01-01
    for year in 1600..<2400 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, length) in lengths.enumerated() {
        for day in 1...(month == 1 && isLeap ? 29 : length) {
          let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
          let expected = "\(year)-\(pad(month + 1))-\(pad(day))T00:00:00.000Z"
          let written = Timestamp(milliseconds: milliseconds).rfc3339
          if written != expected { Issue.record("\(milliseconds) was written \(written), not \(expected)") }
          milliseconds += 86_400_000
        }
      }
    }
  }

  @Test("Moments that the format cannot say are held at its ends")
  func holdsTheEnds() {
    #expect(Timestamp(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    #expect(Timestamp(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
  }
}
