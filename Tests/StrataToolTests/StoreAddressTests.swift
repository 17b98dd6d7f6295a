import Testing

@testable import StrataTool

@Suite("The address of a store on the command line")
struct StoreAddressTests {
    @Test("is a directory without a scheme", arguments: ["orders.strata", "./a b/c", "postgres", "a:b"])
    func directory(text: String) {
        #expect(StoreAddress(argument: text) == .directory(text))
        #expect(StoreAddress(argument: text).description == text)
    }

    @Test("is a connection string of PostgreSQL, without the schema that stands in it")
    func postgreSQL() {
        let plain = "postgres://me@db1,db2:5433/orders"
        #expect(StoreAddress(argument: plain) == .postgreSQL(plain, schema: "strata"))
        #expect(
            StoreAddress(argument: "postgresql://h/d?sslmode=require&schema=old&connect_timeout=3")
                == .postgreSQL("postgresql://h/d?sslmode=require&connect_timeout=3", schema: "old"))
        #expect(StoreAddress(argument: "postgres://h/d?schema=s") == .postgreSQL("postgres://h/d", schema: "s"))
    }

    @Test("is servers of NATS and the store's name")
    func jetStream() {
        #expect(
            StoreAddress(argument: "nats://127.0.0.1:4222")
                == .jetStream(["nats://127.0.0.1:4222"], name: "strata", replicas: nil))
        #expect(
            StoreAddress(argument: "tls://a:1,b:2/orders?replicas=3")
                == .jetStream(["tls://a:1", "tls://b:2"], name: "orders", replicas: 3))
        #expect(
            StoreAddress(argument: "tls://a:1/orders?tls_ca=/etc/ca.pem&tls_cert=c.pem&tls_key=k.pem&tls_name=nats")
                == .jetStream(
                    ["tls://a:1"], name: "orders",
                    tls: .init(authorities: "/etc/ca.pem", certificates: "c.pem", key: "k.pem", serverName: "nats")))
    }

    @Test(
        "is refused where it is none",
        arguments: [
            "mysql://h/d", "nats://", "nats://h/n?replicas=many", "nats://h/n?what=1", "nats://h/n?tls_cert=c.pem",
            "://h",
        ])
    func invalid(text: String) {
        let address = StoreAddress(argument: text)
        guard case .invalid = address else {
            Issue.record("\(address) passed for an address")
            return
        }
    }

    @Test(
        "is shown without secrets",
        arguments: [
            ("postgres://me:p@ss@h:1/d?password=secret", "postgres://h:1/d (schema strata)"),
            ("nats://token@h:1,me:pass@i:2/n?replicas=3", "nats://h:1,nats://i:2/n"),
            ("postgres://me:se?cret@db/x", "postgres://db/x (schema strata)"),
            ("postgres://me:se?cret@db/x?schema=old", "postgres://db/x (schema old)"),
            ("postgres://me:se/cret@db/x", "postgres://db/x (schema strata)"),
            ("postgres://h/d?password=se@cret", "postgres://… (schema strata)"),
            ("postgres://me:se?cr=et@db/x", "postgres://… (schema strata)"),
            ("nats://me:se?cret@h/x", "nats://h/x"), ("nats://me:se/cret@h/x", "nats://h/x"),
            ("nats://me:se,cret@h/x", "nats://…,nats://h/x"),
        ])
    func hidesSecrets(text: String, shown: String) {
        #expect(StoreAddress(argument: text).description == shown)
    }

    @Test(
        "is shown without secrets where it is none",
        arguments: [
            "nats://me:secret@h/x?replica=3", "nats://me:secret@h/x?tls_cert=c", "nats://me:secret@h/x?replicas=many",
            "mysql://me:secret@h/x", "mysql://me:sec@ret@h/x?secret=secret",
        ])
    func hidesSecretsOfWhatIsNone(text: String) async throws {
        let run = try await ToolProcess.run("copy", "s.strata", text)
        #expect(run.status == 64 && run.output == "")
        #expect(!run.errors.contains("secret") && !run.errors.contains("ret@"), "\(run.errors)")
        #expect(run.errors.contains("://h/x"), "\(run.errors)")
    }

    @Test("is shown without secrets where it is one argument too many")
    func hidesSecretsOfWhatIsTooMuch() async throws {
        let run = try await ToolProcess.run("copy", "s.strata", "t.strata", "nats://me:sec@ret@h/x")
        #expect(run.status == 64)
        #expect(!run.errors.contains("sec") && !run.errors.contains("ret@"), "\(run.errors)")
    }
}
