import EventSourcing
import EventSourcingTesting
import FoundationEssentials
import OrderExample
import Testing

struct OrderTests {
    private let product = UUID()
    private let customer = UUID()

    private var created: OrderEvent { .created(customerID: customer, customerEmail: "customer@example.com") }
    private var added: OrderEvent {
        .itemAdded(productID: product, productName: "Widget", quantity: 2, unitPrice: 10.5)
    }

    @Test func isCreatedOnce() throws {
        let order = try Scenario<Order>.given()
            .when { try $0.create(customerID: customer, customerEmail: "customer@example.com") }
            .then(created)
        #expect(order.state.status == .created)
        #expect(order.state.customerID == customer)
        try Scenario<Order>.given(created)
            .when { try $0.create(customerID: customer, customerEmail: "other@example.com") }
            .thenFails(with: OrderError.alreadyExists)
    }

    @Test func takesItemsWhileItIsCreated() throws {
        let order = try Scenario<Order>.given(created)
            .when { try $0.addItem(product, "Widget", quantity: 2, unitPrice: 10.5) }
            .then(added)
        #expect(order.state.calculatedTotal == 21)
        try Scenario<Order>.given()
            .when { try $0.addItem(product, "Widget", quantity: 2, unitPrice: 10.5) }
            .thenFails(with: OrderError.notCreated)
        try Scenario<Order>.given(created)
            .when { try $0.addItem(product, "Widget", quantity: 0, unitPrice: 10.5) }
            .thenFails(with: OrderError.quantityNotPositive)
    }

    @Test func givesBackTheItemsThatItHas() throws {
        let order = try Scenario<Order>.given(created, added)
            .when { try $0.removeItem(product) }
            .then(.itemRemoved(productID: product))
        #expect(order.state.items.isEmpty)
        try Scenario<Order>.given(created)
            .when { try $0.removeItem(product) }
            .thenFails(with: OrderError.itemNotFound)
        try Scenario<Order>.given()
            .when { try $0.removeItem(product) }
            .thenFails(with: OrderError.notCreated)
    }

    @Test func isSubmittedOnceAndWithItems() throws {
        let order = try Scenario<Order>.given(created, added)
            .when { try $0.submit() }
            .then(.submitted(totalAmount: 21))
        #expect(order.state.status == .submitted)
        #expect(order.state.totalAmount == 21)
        try Scenario<Order>.given(created)
            .when { try $0.submit() }
            .thenFails(with: OrderError.empty)
        try Scenario<Order>.given(created, added, .submitted(totalAmount: 21))
            .when { try $0.submit() }
            .thenFails(with: OrderError.notCreated)
    }
}
