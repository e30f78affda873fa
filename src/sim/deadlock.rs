//! A deadlock in words.

use gilsim_policies::ThreadId;

use super::{Ending, Outcome, Stuck};
use crate::workload::Workload;

/// The most threads of a deadlock that are listed.
const MOST_LISTED: usize = 16;

/// Who waits for what, and for whom; empty if the run ended otherwise.
#[must_use]
pub fn describe(outcome: &Outcome, workload: &Workload) -> String {
    let Ending::Deadlock(stuck) = &outcome.ending else { return String::new() };
    let thread = |thread: ThreadId| {
        let group = outcome.threads.get(thread.index()).map_or(0, |totals| totals.group);
        let group = workload.groups.get(group as usize).map_or("", |group| &group.name);
        format!("{thread} ({group})")
    };
    let part = |stuck: &Stuck| {
        let who = thread(stuck.thread);
        if stuck.awaits_switch {
            return format!("{who} awaits a switch");
        }
        let what =
            stuck.object.map_or_else(|| "the lock".to_owned(), |at| workload.object_name(at));
        match stuck.holder {
            Some(holder) => format!("{who} waits for {what} held by {}", thread(holder)),
            None => format!("{who} waits for {what} held by nobody"),
        }
    };
    let mut parts: Vec<_> = stuck.iter().take(MOST_LISTED).map(part).collect();
    if stuck.len() > MOST_LISTED {
        parts.push(format!("and {} more", stuck.len() - MOST_LISTED));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gilsim_policies::Span;

    use super::super::{CountTotals, ThreadTotals};
    use super::*;

    fn outcome(ending: Ending) -> Outcome {
        Outcome {
            ending,
            elapsed: Span::ZERO,
            threads: [0, 1, 1].map(|group| ThreadTotals { group, ..Default::default() }).to_vec(),
            switches: 0,
            held: Span::ZERO,
            counts: CountTotals::default(),
            collections: 0,
            collecting: Span::ZERO,
            events: 0,
        }
    }

    #[test]
    fn who_waits_for_whom_is_told() {
        let groups = "io.program = [{ block = '1ms' }]\ncpu.program = [{ block = '1ms' }]";
        let objects = "log = {}\naccounts = { count = 4 }";
        let [groups, objects] = [groups, objects].map(|text| text.parse::<toml::Table>().unwrap());
        let workload = Workload::compile(
            &groups.try_into().unwrap(),
            &objects.try_into().unwrap(),
            Path::new(""),
        );
        let told = |stuck: &[Stuck]| {
            describe(&outcome(Ending::Deadlock(stuck.to_vec())), workload.as_ref().unwrap())
        };
        let [io, cpu, other] = [0, 1, 2].map(ThreadId);
        let stuck = |thread, holder, object| Stuck { thread, holder, object, awaits_switch: false };
        assert_eq!(
            told(&[stuck(io, Some(cpu), Some(0)), stuck(cpu, Some(io), Some(4))]),
            "T0 (io) waits for log held by T1 (cpu); T1 (cpu) waits for accounts[3] held by T0 (io)"
        );
        let awaits = Stuck { awaits_switch: true, ..stuck(other, None, None) };
        assert_eq!(
            told(&[stuck(io, None, None), awaits]),
            "T0 (io) waits for the lock held by nobody; T2 (cpu) awaits a switch"
        );
        let many = told(&[stuck(io, Some(cpu), None); 18]);
        assert!(
            many.ends_with("; T0 (io) waits for the lock held by T1 (cpu); and 2 more"),
            "{many}"
        );
        assert_eq!(describe(&outcome(Ending::TimeUp), workload.as_ref().unwrap()), "");
    }
}
