#if PostgreSQL
import EventSourcing
import FoundationEssentials
import Testing

@testable import StrataPostgreSQL

extension PostgreSQLTests {
    @Suite struct PoolTests {
        private let server = TestServer.shared

        @Test func aCallerBeyondAllConnectionsFailsBehindTheTimeout() async throws {
            let pool = server.pool {
                $0.poolSize = 1
                $0.maxOverflow = 1
                $0.acquireTimeout = .milliseconds(100)
            }
            let gate = Gate()
            async let first: Void = hold(pool, gate)
            async let second: Void = hold(pool, gate)
            await gate.waitForArrivals(2)
            let error = await #expect(throws: PostgreSQLError.self) { try await pool.connect() }
            #expect(error?.code == .poolExhausted)
            #expect(error?.message.contains("raise poolSize or maxOverflow") == true)
            await gate.open()
            _ = try await (first, second)
        }

        @Test func aStoreReportsAnExhaustedPool() async throws {
            let pool = server.pool {
                $0.poolSize = 1
                $0.maxOverflow = 0
                $0.acquireTimeout = .milliseconds(100)
            }
            let store = PostgreSQLEventStore(pool, schema: try await .migrated(using: pool))
            let gate = Gate()
            async let holder: Void = hold(pool, gate)
            await gate.waitForArrivals(1)
            let error = await #expect(throws: EventStoreError.self) {
                _ = try await store.append([.sample()], to: .sample(), expecting: .any)
            }
            #expect(error?.code == .ioFailure)
            #expect((error?.cause as? PostgreSQLError)?.code == .poolExhausted)
            await gate.open()
            try await holder
        }

        @Test func aCallerInLineGetsTheConnectionThatComesFree() async throws {
            let pool = server.pool {
                $0.poolSize = 1
                $0.maxOverflow = 0
            }
            let gate = Gate()
            async let holder: Void = hold(pool, gate)
            await gate.waitForArrivals(1)
            async let waiter: Void = pool.connect()
            while pool.statistics.waiting == 0 { await Task.yield() }
            await gate.open()
            _ = try await (holder, waiter)
            #expect(pool.statistics == .init(open: 1, idle: 1, waiting: 0))
        }

        @Test func connectionsOfTheOverflowAreClosedAfterUse() async throws {
            let pool = server.pool {
                $0.poolSize = 1
                $0.maxOverflow = 3
            }
            let gate = Gate()
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await hold(pool, gate) } }
                await gate.waitForArrivals(4)
                #expect(pool.statistics.open == 4)
                await gate.open()
                try await group.waitForAll()
            }
            #expect(pool.statistics == .init(open: 1, idle: 1, waiting: 0))
        }

        @Test func aConnectionThatTheServerEndedWhileIdleIsReplaced() async throws {
            let pool = server.pool { $0.poolSize = 1 }
            try await pool.connect()
            let process = try await pool.withConnection { connection in await connection.serverProcess }
            let session = try await Session(server)
            try await session.run("SELECT pg_terminate_backend(\(process))")
            try await session.wait {
                try await session.run("SELECT count(*) FROM pg_stat_activity WHERE pid = \(process)") == 0
            }
            try await pool.connect()
            #expect(try await pool.withConnection { connection in await connection.serverProcess } != process)
        }

        @Test func aConnectionThatWasIdleForLongIsAskedForASignOfLife() async throws {
            let pool = server.pool {
                $0.poolSize = 1
                $0.healthCheckAfterIdle = .zero
            }
            try await pool.connect()
            let process = try await pool.withConnection { connection in await connection.serverProcess }
            #expect(try await pool.withConnection { connection in await connection.serverProcess } == process)
        }

        @Test func aClosedPoolRefuses() async throws {
            let pool = server.pool()
            try await pool.connect()
            pool.close()
            let error = await #expect(throws: PostgreSQLError.self) { try await pool.connect() }
            #expect(error?.code == .closed)
            #expect(pool.statistics == .init(open: 0, idle: 0, waiting: 0))
        }

        /// More calls wait for the server than the cooperative pool has threads; what ends their wait needs one, too.
        @Test func callsThatWaitForTheServerBlockNoThread() async throws {
            let pool = server.pool {
                $0.poolSize = 30
                $0.lockTimeout = nil
            }
            let session = try await Session(server)
            let key = Int.random(in: 0 ... .max)
            try await session.run("SELECT pg_advisory_lock(\(key))")
            try await withThrowingTaskGroup { group in
                for _ in 0..<24 {
                    group.addTask {
                        try await pool.withConnection { connection throws(PostgreSQLError) in
                            try await connection.run(Command(Statement("SELECT pg_advisory_lock_shared(\(key))")))
                        }
                    }
                }
                let waiting = """
                    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND objid = \(key & 0xFFFF_FFFF)
                    """
                try await session.wait { try await session.run(waiting) == 24 }
                try await session.run("SELECT pg_advisory_unlock(\(key))")
                try await group.waitForAll()
            }
            pool.close()
        }

        private func hold(_ pool: PostgreSQLConnectionPool, _ gate: Gate) async throws {
            try await pool.withConnection { _ in await gate.pass() }
        }
    }
}

/// Holds tasks back until it opens.
actor Gate {
    private var arrivals = 0
    private var isOpen = false
    private var held: [CheckedContinuation<Void, Never>] = []
    private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

    func pass() async {
        arrivals += 1
        for watcher in watchers where watcher.count <= arrivals { watcher.continuation.resume() }
        watchers.removeAll { $0.count <= arrivals }
        if !isOpen { await withCheckedContinuation { held.append($0) } }
    }

    func waitForArrivals(_ count: Int) async {
        if arrivals < count { await withCheckedContinuation { watchers.append((count, $0)) } }
    }

    func open() {
        isOpen = true
        for continuation in held { continuation.resume() }
        held = []
    }
}
#endif
