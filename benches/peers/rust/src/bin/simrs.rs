//! The machine repairman in SimRS: one component, its queue and its values in the simulation's state.

use std::cell::RefCell;
use std::time::Duration;

use gilsim_peers::Case;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp};
use rand_xoshiro::Xoshiro256PlusPlus;
use simrs::{Component, ComponentId, Executor, Fifo, Key, QueueId, Scheduler, Simulation, State};

#[derive(Debug)]
enum Happens {
    Request { thread: usize },
    Release { thread: usize },
}

struct Repairman {
    think: Exp<f64>,
    hold: Exp<f64>,
    held: Key<bool>,
    cycles: Key<u64>,
    waiting: QueueId<Fifo<usize>>,
    random: RefCell<Xoshiro256PlusPlus>,
}

impl Repairman {
    fn draw(&self, law: Exp<f64>) -> Duration {
        Duration::from_secs_f64(law.sample(&mut *self.random.borrow_mut()))
    }

    fn hold(&self, itself: ComponentId<Happens>, thread: usize, scheduler: &mut Scheduler) {
        scheduler.schedule(self.draw(self.hold), itself, Happens::Release { thread });
    }
}

impl Component for Repairman {
    type Event = Happens;

    fn process_event(
        &self,
        itself: ComponentId<Happens>,
        event: &Happens,
        scheduler: &mut Scheduler,
        state: &mut State,
    ) {
        match *event {
            Happens::Request { thread } => {
                let held = state.get_mut(self.held).expect("the lock is there");
                if *held {
                    state.send(self.waiting, thread).expect("the queue has no limit");
                } else {
                    *held = true;
                    self.hold(itself, thread, scheduler);
                }
            }
            Happens::Release { thread } => {
                *state.get_mut(self.cycles).expect("the count is there") += 1;
                match state.recv(self.waiting) {
                    Some(next) => self.hold(itself, next, scheduler),
                    None => *state.get_mut(self.held).expect("the lock is there") = false,
                }
                scheduler.schedule(self.draw(self.think), itself, Happens::Request { thread });
            }
        }
    }
}

fn main() {
    let case = Case::from_arguments();
    let think = Exp::new(1.0 / case.z).expect("a rate is positive");
    let mut random = Xoshiro256PlusPlus::seed_from_u64(case.seed);
    let first: Vec<f64> = think.sample_iter(&mut random).take(case.n).collect();

    let mut simulation = Simulation::default();
    let held = simulation.state.insert(false);
    let cycles = simulation.state.insert(0);
    let waiting = simulation.add_queue(Fifo::default());
    let repairman = simulation.add_component(Repairman {
        think,
        hold: Exp::new(1.0 / case.s).expect("a rate is positive"),
        held,
        cycles,
        waiting,
        random: RefCell::new(random),
    });
    for (thread, time) in first.into_iter().enumerate() {
        simulation.schedule(Duration::from_secs_f64(time), repairman, Happens::Request { thread });
    }

    case.report("simrs", || {
        let batch = |end| {
            simulation.execute(Executor::timed(Duration::from_secs_f64(end)));
            *simulation.state.get(cycles).expect("the count is there")
        };
        case.ends().map(batch).collect()
    });
}
