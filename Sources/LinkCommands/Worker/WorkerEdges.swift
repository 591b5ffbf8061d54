import LinkCore
import LinkHTTP
import LinkKafka
import LinkOps
import LinkStore

/// The worker's edges, each with its own thread, and the inbox in which they leave what happens.
struct WorkerEdges {
  let inbox: Inbox
  let consumer: KafkaConsumer
  let transactions: TransactionQueue
  let restorer: Restorer
  let store: StoreThread
  let adapter: AdapterClient
  let lag: LagReader

  /// Ends them in the order in which they stop needing each other: nothing may be committed once the group is left.
  func close() {
    restorer.cancel()
    adapter.shutdown()
    transactions.drain()
    consumer.close()
    restorer.close()
    lag.close()
    transactions.close()
    store.stop()
  }
}
