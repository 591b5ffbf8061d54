import LinkCore

extension Scenario {
  /// A scenario drawn from a seed: producers, two dynamic members and a static one, in any order, wrong ones among them.
  init(seed: UInt64) {
    var drawing = Drawing(SeededRandom(seed: seed))
    self.init("Seed \(seed)", drawing.draw(), settings: Settings(statics: [Drawing.staticMember]))
  }

  /// What has been drawn so far, as far as it decides what can be drawn next.
  private struct Drawing {
    static let staticMember = 2
    private static let stepLimit = 40
    private var random: SeededRandom
    private var steps: [Step] = []
    private var producerLives: [Int: Int] = [:]
    private var memberLives: [Int: Int] = [:]
    /// In the group, and told a generation.
    private var present: [Int: Life] = [:]
    private var told: [Life] = []
    private var added: [Life: [Place]] = [:]
    private var requests = 0

    init(_ random: SeededRandom) {
      self.random = random
      // Neighbouring seeds begin alike in nothing.
      self.random = SeededRandom(seed: self.random.next())
    }

    mutating func draw() -> [Step] {
      initialise(0)
      arrive()
      while steps.count < Self.stepLimit {
        if below(100) < 20 { drawMembership() } else { drawProducer() }
      }
      return steps
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    private mutating func drawProducer() {
      guard let producer = producer() else { return initialise(0) }
      switch below(100) {
      case 0..<8: initialise(below(2))
      case 8..<25:
        let places = Place.all.filter { _ in below(3) == 0 }
        guard !places.isEmpty else { return }
        added[producer, default: []] += places
        steps.append(.add(producer, places))
      case 25..<50: produce(producer)
      case 50..<55:
        if let again = steps.last(where: { if case .produce(producer, _, _, _) = $0 { true } else { false } }) {
          steps.append(again)
        }
      case 55..<70: sendOffsets(producer)
      case 70..<90: end(producer)
      default: steps.append(.write(place(), [item()]))
      }
    }

    /// Mostly the latest life of one, at times an earlier one.
    private mutating func producer() -> Life? {
      let which = below(2)
      guard let latest = producerLives[which] else { return nil }
      return Life(which, below(100) < 15 ? 1 + below(latest) : latest)
    }

    private mutating func place() -> Place { Place.all.randomElement(using: &random) ?? .state0 }

    private mutating func item() -> Item {
      Item(Int64(1 + below(4)), below(8) == 0 ? nil : Int64(below(1000)))
    }

    private mutating func initialise(_ producer: Int) {
      producerLives[producer, default: 0] += 1
      steps.append(.initialise(producer))
    }

    private mutating func produce(_ producer: Life) {
      let known = added[producer] ?? []
      let place = below(10) < 8 ? known.randomElement(using: &random) ?? place() : place()
      requests += 1
      steps.append(.produce(producer, place, (0...below(2)).map { _ in item() }, request: requests))
    }

    private mutating func sendOffsets(_ producer: Life) {
      let member =
        below(100) < 75 ? present.values.sorted().randomElement(using: &random) : told.randomElement(using: &random)
      guard let member else { return }
      var offsets: [Int32: Int64] = [:]
      for partition in Place.partitions(of: .requests) where below(3) < 2 { offsets[partition] = Int64(below(50)) }
      if offsets.isEmpty { offsets[0] = 1 }
      steps.append(.sendOffsets(producer, of: member, offsets, age: below(8) == 0 ? 1 : 0))
    }

    private mutating func end(_ producer: Life) {
      if below(10) < 8 { added[producer] = [] }
      let step = Step.end(producer, commit: below(3) < 2)
      steps.append(step)
      if below(6) == 0 { steps.append(step) }
    }

    private mutating func drawMembership() {
      switch below(10) {
      case 0..<4: arrive()
      case 4..<6: leave()
      case 6: comeBack()
      default: if let life = told.randomElement(using: &random) { steps.append(.beat(life)) }
      }
    }

    /// One that is not there arrives, and all others join its generation.
    private mutating func arrive() {
      guard let member = (0...Self.staticMember).filter({ present[$0] == nil }).randomElement(using: &random) else {
        return
      }
      memberLives[member, default: 0] += 1
      steps.append(.arrive(member))
      rejoin()
      let life = Life(member, memberLives[member] ?? 1)
      present[member] = life
      told.append(life)
    }

    /// A worker's client leaves where it is not static.
    private mutating func leave() {
      guard let life = present.filter({ $0.key != Self.staticMember }).values.sorted().randomElement(using: &random)
      else { return }
      present[life.of] = nil
      steps.append(.leave(life))
      rejoin()
    }

    private mutating func comeBack() {
      guard present[Self.staticMember] != nil else { return }
      memberLives[Self.staticMember, default: 0] += 1
      steps.append(.arrive(Self.staticMember))
      let life = Life(Self.staticMember, memberLives[Self.staticMember] ?? 1)
      present[Self.staticMember] = life
      told.append(life)
    }

    private mutating func rejoin() {
      guard !present.isEmpty else { return }
      for _ in 0..<below(3) { drawProducer() }
      steps.append(.rejoin(present.values.sorted()))
    }
  }
}
