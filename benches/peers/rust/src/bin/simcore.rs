//! The machine repairman in SimCore: one component, and its callbacks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gilsim_peers::Case;
use rand_distr_04::Exp;
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};

#[derive(Clone, Serialize)]
struct Request {
    thread: usize,
}

#[derive(Clone, Serialize)]
struct Release {
    thread: usize,
}

struct Repairman {
    think: Exp<f64>,
    hold: Exp<f64>,
    held: bool,
    waiting: VecDeque<usize>,
    cycles: u64,
    context: SimulationContext,
}

impl Repairman {
    fn think(&self, thread: usize) {
        let time = self.context.sample_from_distribution(&self.think);
        self.context.emit_self(Request { thread }, time);
    }

    fn hold(&self, thread: usize) {
        let time = self.context.sample_from_distribution(&self.hold);
        self.context.emit_self(Release { thread }, time);
    }
}

impl EventHandler for Repairman {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Request { thread } => {
                if self.held {
                    self.waiting.push_back(thread);
                } else {
                    self.held = true;
                    self.hold(thread);
                }
            }
            Release { thread } => {
                self.cycles += 1;
                match self.waiting.pop_front() {
                    Some(next) => self.hold(next),
                    None => self.held = false,
                }
                self.think(thread);
            }
        })
    }
}

fn main() {
    let case = Case::from_arguments();
    let mut simulation = Simulation::new(case.seed);
    let context = simulation.create_context("repairman");
    let repairman = Rc::new(RefCell::new(Repairman {
        think: Exp::new(1.0 / case.z).expect("a rate is positive"),
        hold: Exp::new(1.0 / case.s).expect("a rate is positive"),
        held: false,
        waiting: VecDeque::new(),
        cycles: 0,
        context,
    }));
    simulation.add_handler("repairman", repairman.clone());
    for thread in 0..case.n {
        repairman.borrow().think(thread);
    }

    case.report("simcore", || {
        let batch = |end| {
            simulation.step_until_time(end);
            repairman.borrow().cycles
        };
        case.ends().map(batch).collect()
    });
}
