/// Where a simulation takes the place of threads and timers.
package enum Simulation {
    /// The thread of the simulation that the current task belongs to; nil outside of simulations. What runs on it has one
    /// order, which the simulation's seed determines. No timer goes off there.
    @TaskLocal package static var thread: (any SimulationThread)?

    /// Where a task begins that belongs to no actor: in a simulation, a seed determines when.
    static var executor: any TaskExecutor { thread ?? globalConcurrentExecutor }
}

/// One thread that runs everything that a simulated store does, in the order in which it becomes ready.
package protocol SimulationThread: TaskExecutor {
    /// Runs an actor's job when its turn comes.
    func enqueue(_ job: UnownedJob, on executor: any SerialExecutor)
}
