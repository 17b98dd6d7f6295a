import Testing

@testable import StrataTool

@Suite("The address of a store on the command line")
struct StoreAddressTests {
    @Test("is a directory without a scheme", arguments: ["orders.strata", "./a b/c", "postgres", "a:b"])
    func directory(text: String) {
        #expect(StoreAddress(argument: text) == .directory(text))
        #expect(StoreAddress(argument: text)?.description == text)
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
        #expect(StoreAddress(argument: text) == nil)
    }

    @Test(
        "is shown without secrets",
        arguments: [
            ("postgres://me:p@ss@h:1/d?password=secret", "postgres://h:1/d (schema strata)"),
            ("nats://token@h:1,me:pass@i:2/n?replicas=3", "nats://h:1,nats://i:2/n"),
        ])
    func hidesSecrets(text: String, shown: String) {
        #expect(StoreAddress(argument: text)?.description == shown)
    }
}
