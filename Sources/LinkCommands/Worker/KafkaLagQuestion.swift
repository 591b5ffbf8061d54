import LinkCore
import LinkKafka
import LinkOps
import Synchronization

/// Asks Kafka for the group's offsets and the ends of partitions, with clients that are there from the first question on.
final class KafkaLagQuestion: LagQuestion {
  private let properties: KafkaProperties
  private let groupID: String
  private let requestsTopic: String
  private let stateTopic: String
  private let log: Log
  private let reader = Mutex<StateReader?>(nil)
  private let isCancelled = Mutex(false)

  /// Milliseconds for the offsets, which an open transaction may hold back, and for each end.
  private static let offsetTimeout: Int64 = 5_000
  private static let endTimeout: Int64 = 2_000

  init(properties: KafkaProperties, groupID: String, requestsTopic: String, stateTopic: String, log: Log) {
    self.properties = properties
    self.groupID = groupID
    self.requestsTopic = requestsTopic
    self.stateTopic = stateTopic
    self.log = log
  }

  func lags(of partitions: [Int32]) -> [Int32: Int64] {
    reader.withLock { reader in
      var lags: [Int32: Int64] = [:]
      do throws(KafkaFailure) {
        if reader == nil {
          reader = try StateReader(
            properties: properties, groupID: groupID, requestsTopic: requestsTopic, stateTopic: stateTopic)
        }
        guard let reader else { return lags }
        let committed = try reader.committedOffsets(
          partitions: partitions, timeout: Self.offsetTimeout, isCancelled: { isCancelled.withLock { $0 } })
        for partition in partitions where !isCancelled.withLock({ $0 }) {
          let ends = try reader.watermarks(partition: partition, timeout: Self.endTimeout)
          // Without an offset of the group's it is all that is there; so it is where the offset lies before that.
          lags[partition] = max(ends.high - max(committed[partition] ?? ends.low, ends.low), 0)
        }
      } catch {
        log.debug("lag.unknown", "It is asked for again: \(error)")
      }
      return lags
    }
  }

  func cancel() { isCancelled.withLock { $0 = true } }

  func close() {
    reader.withLock { reader in
      reader?.close()
      reader = nil
    }
  }
}
