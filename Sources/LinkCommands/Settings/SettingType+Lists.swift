/// Settings that are lists with commas between their items; blanks around an item do not count.
extension SettingType where Value == [Int] {
  static var statuses: Self {
    Self(kind: .statuses) { value throws(SettingFault) in
      var statuses: [Int] = []
      for item in items(of: value) {
        guard item.utf8.count == 3, item.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let status = Int(item),
          (400...499).contains(status)
        else {
          throw SettingFault("has what is no status from 400 to 499: \(quoted(item))", hint: "numbers, as in 409,423")
        }
        guard status != 401, status != 403 else {
          throw SettingFault("names \(status), which speaks of the credential", hint: "leave it out")
        }
        statuses.append(status)
      }
      return statuses
    }
  }
}

extension SettingType where Value == [String] {
  /// Texts to look for: few and short enough that looking costs nothing, and long enough to tell something.
  static var texts: Self {
    Self(kind: .texts) { value throws(SettingFault) in
      let texts = items(of: value)
      guard texts.count <= 32 else {
        throw SettingFault("has \(texts.count) texts", hint: "at most 32, each a part of what it is to be found in")
      }
      for text in texts where !(3...200).contains(text.count) {
        throw SettingFault(
          "has a text of \(text.count) characters: \(quoted(text))", hint: "3 to 200 characters for each")
      }
      return texts
    }
  }
}

private func items(of list: String) -> [String] {
  list.split(separator: ",", omittingEmptySubsequences: false).map { item in
    let start = item.drop { $0 == " " }
    return String(start.prefix(start.count - start.reversed().prefix { $0 == " " }.count))
  }
}
