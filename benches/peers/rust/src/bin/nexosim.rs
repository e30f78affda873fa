//! The machine repairman in NeXosim: one model that schedules its own inputs, on one thread.

use std::collections::VecDeque;
use std::time::Duration;

use gilsim_peers::Case;
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::QuerySource;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Repairman {
    threads: usize,
    think: Exp<f64>,
    hold: Exp<f64>,
    held: bool,
    waiting: VecDeque<usize>,
    cycles: u64,
    random: Xoshiro256PlusPlus,
}

#[Model]
impl Repairman {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        for thread in 0..self.threads {
            self.think(thread, context);
        }
    }

    #[nexosim(schedulable)]
    fn request(&mut self, thread: usize, context: &Context<Self>) {
        if self.held {
            self.waiting.push_back(thread);
        } else {
            self.held = true;
            self.hold(thread, context);
        }
    }

    #[nexosim(schedulable)]
    fn release(&mut self, thread: usize, context: &Context<Self>) {
        self.cycles += 1;
        match self.waiting.pop_front() {
            Some(next) => self.hold(next, context),
            None => self.held = false,
        }
        self.think(thread, context);
    }

    fn think(&mut self, thread: usize, context: &Context<Self>) {
        let time = self.draw(self.think);
        context.schedule_event(time, schedulable!(Self::request), thread).expect("time goes on");
    }

    fn hold(&mut self, thread: usize, context: &Context<Self>) {
        let time = self.draw(self.hold);
        context.schedule_event(time, schedulable!(Self::release), thread).expect("time goes on");
    }

    /// An event can't be scheduled for this very instant.
    fn draw(&mut self, law: Exp<f64>) -> Duration {
        Duration::from_secs_f64(law.sample(&mut self.random)).max(Duration::from_nanos(1))
    }

    async fn cycles(&mut self) -> u64 {
        self.cycles
    }
}

fn main() {
    let case = Case::from_arguments();
    let repairman = Repairman {
        threads: case.n,
        think: Exp::new(1.0 / case.z).expect("a rate is positive"),
        hold: Exp::new(1.0 / case.s).expect("a rate is positive"),
        held: false,
        waiting: VecDeque::new(),
        cycles: 0,
        random: Xoshiro256PlusPlus::seed_from_u64(case.seed),
    };
    let mailbox = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let cycles = QuerySource::new().connect(Repairman::cycles, &mailbox).register(&mut bench);
    let start = MonotonicTime::EPOCH;
    let mut simulation = bench
        .add_model(repairman, mailbox, "repairman")
        .init(start)
        .expect("the bench is complete");

    case.report("nexosim", || {
        let batch = |end| {
            simulation.step_until(start + Duration::from_secs_f64(end)).expect("nothing fails");
            simulation.process_query(&cycles, ()).expect("nothing fails")
        };
        case.ends().map(batch).collect()
    });
}
