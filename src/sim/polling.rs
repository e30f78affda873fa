//! Threads that look for requests again and again instead of sleeping until one comes.

use gilsim_policies::{Reason, ThreadId};

use super::engine::Simulation;
use super::thread::Thread;
use crate::machine::Machine;
use crate::trace::{Sink, State};
use crate::workload::{Arrivals, Serves};

impl<M: Machine, S: Sink> Simulation<'_, M, S> {
    /// Looks whether a request waits, and serves it if so. Says why the thread lets the lock go, if it does.
    pub fn look(&mut self, threads: &mut [Thread<'_>], thread: ThreadId) -> Option<Reason> {
        let state = &mut threads[thread.index()];
        self.log.mark(state);
        state.totals.polling += state.polled();
        state.polls_since = None;
        let Arrivals::Open { polls: Some(serves), .. } = state.group.arrivals else {
            unreachable!("{thread} looks for requests that there are not")
        };
        state.to_serve = match serves {
            Serves::One => 1,
            Serves::Waiting => self.waiting(state),
            Serves::UntilEmpty => usize::MAX,
        };
        self.serve_or_poll(threads, thread)
    }

    /// Begins to serve the next of the requests that the last look was for, or polls. Says why the thread lets the lock go,
    /// if it does.
    pub fn serve_or_poll(
        &mut self,
        threads: &mut [Thread<'_>],
        thread: ThreadId,
    ) -> Option<Reason> {
        let state = &mut threads[thread.index()];
        if state.to_serve > 0 && self.waiting(state) > 0 {
            state.to_serve -= 1;
            return self.next_request(threads, thread);
        }
        if self.waiting(state) == 0 && self.stream_is_closed(threads, thread) {
            return Some(Reason::Exit);
        }
        let state = &mut threads[thread.index()];
        self.log.mark(state);
        state.polls_since = Some(state.totals.times.of(State::Running));
        state.cursor.poll();
        None
    }

    /// How many requests to the thread's group wait.
    fn waiting(&self, state: &Thread<'_>) -> usize {
        let stream = self.streams[state.totals.group as usize].as_ref();
        stream.map_or(0, |stream| stream.waiting.len())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::{Instant, PolicySpec, Span};
    use indexmap::IndexMap;

    use crate::machine::MachineSpec;
    use crate::sim::{Outcome, RunSpec, run, run_marked};
    use crate::trace::{MemorySink, NullSink};
    use crate::workload::Workload;

    fn run_group(group: &str, machine: &str) -> (Outcome, MemorySink) {
        let groups = toml::from_str(&format!("[t]\n{group}")).unwrap();
        let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
        let machine: MachineSpec = toml::from_str(machine).unwrap();
        let policy: PolicySpec = toml::from_str("fifo_handoff = {}").unwrap();
        let mut sink = MemorySink::default();
        let spec = RunSpec::new(&workload, &machine, &policy, Span::from_us(14_500));
        let outcome = run(&spec, &mut sink);
        (outcome, sink)
    }

    /// Requests come every 2 ms, and take 1 ms; a poll takes 3 ms. Who looks when a request comes looks before it.
    #[test]
    fn the_three_ways_to_serve() {
        for machine in ["ideal = {}", "ideal = { cores = 1 }"] {
            for (serves, ends, queued, polled_us) in [
                ("one", vec![4, 8, 12], vec![1, 3, 5], 11_500),
                ("waiting", vec![4, 8, 9, 13, 14], vec![1, 3, 2, 4, 3], 9_500),
                ("until_empty", vec![4, 8, 9, 10, 14], vec![1, 3, 2, 1, 3], 9_000),
            ] {
                let group = format!(
                    "arrivals = {{ gap = '2ms' }}\nprogram = [{{ compute = '1ms' }}]\n\
                     polls = {{ steps = [{{ compute = '3ms' }}], serves = '{serves}' }}"
                );
                let (outcome, sink) = run_group(&group, machine);
                let of = |time: fn(&crate::trace::OpRow) -> u64| {
                    sink.ops.iter().map(|op| time(op) / 1_000_000).collect::<Vec<_>>()
                };
                assert_eq!(of(|op| op.end.ns()), ends, "{serves}");
                assert_eq!(of(|op| op.queued.ns()), queued, "{serves}");
                // Which includes the poll that is under way.
                assert_eq!(outcome.threads[0].polling, Span::from_us(polled_us), "{serves}");
            }
        }
    }

    #[test]
    fn a_poll_counts_where_it_is() {
        let groups = "[t]\narrivals = { gap = '9ms' }\nprogram = [{ compute = '1ms' }]\n\
            polls = { steps = [{ compute = '3ms' }] }";
        let groups = toml::from_str(groups).unwrap();
        let workload = Workload::compile(&groups, &IndexMap::new(), Path::new("")).unwrap();
        let (machine, policy) =
            (MachineSpec::Ideal(Default::default()), PolicySpec::all().remove(0));
        let spec = RunSpec::new(&workload, &machine, &policy, Span::from_ms(8));
        let marks = [1, 2, 7].map(|ms| Instant::ZERO + Span::from_ms(ms));
        let outcomes = run_marked(&spec, &marks, &mut NullSink);
        let polled = outcomes.iter().map(|outcome| outcome.threads[0].polling.ns() / 1_000_000);
        assert_eq!(polled.collect::<Vec<_>>(), [1, 2, 7, 8]);
    }

    /// Requests at 2 and 4 ms; looks at 0, 3, and 7 ms.
    #[test]
    fn who_polls_ends_after_the_last_request() {
        for serves in ["one", "waiting", "until_empty"] {
            let group = format!(
                "stop = '5ms'\narrivals = {{ gap = '2ms' }}\nprogram = [{{ compute = '1ms' }}]\n\
                 polls = {{ steps = [{{ compute = '3ms' }}], serves = '{serves}' }}"
            );
            let (outcome, sink) = run_group(&group, "ideal = {}");
            assert_eq!((sink.ops.len(), outcome.threads[0].end.ns()), (2, 8_000_000));
        }
    }
}
