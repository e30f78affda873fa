//! Events in words.

use gilsim_policies::{Instant, ThreadId};

use crate::trace::{EventKind, EventRow};
use crate::workload::Workload;

/// An instant in milliseconds, to the nanosecond.
#[must_use]
pub fn instant(at: Instant) -> String {
    format!("{}.{:06} ms", at.ns() / 1_000_000, at.ns() % 1_000_000)
}

/// What happened to whom, as a sentence.
#[must_use]
pub fn event(row: &EventRow, workload: &Workload) -> String {
    let lock = match row.object {
        Some(at) => format!("the lock of {}", workload.object_name(at)),
        None => "the lock".to_owned(),
    };
    let other = row.other.map_or_else(|| "another".to_owned(), |other| thread(other, workload));
    let what = match row.kind {
        EventKind::Start => "starts".to_owned(),
        EventKind::Exit => "ends".to_owned(),
        EventKind::Dispatch => "is put on a core".to_owned(),
        EventKind::Preempt => "is taken off its core".to_owned(),
        EventKind::Request => format!("asks for {lock}"),
        EventKind::Acquire => format!("takes {lock}"),
        EventKind::FailedAcquire => format!("was woken, but {lock} was taken again"),
        EventKind::Sleep => format!("falls asleep at {lock}"),
        EventKind::Wake => format!("is woken at {lock} by {other}"),
        EventKind::TimeOut => format!("wakes at {lock} because its time is up"),
        EventKind::DropRequest => format!("asks {other} to let {lock} go"),
        EventKind::ForcedDrop => format!("lets {lock} go at a check point"),
        EventKind::VoluntaryRelease => format!("lets {lock} go of its own accord"),
        EventKind::AwaitSwitch => format!("sleeps until another has taken {lock}"),
        EventKind::Block => "begins to block".to_owned(),
        EventKind::Unblock => "is done blocking".to_owned(),
        EventKind::OpStart => "begins an operation".to_owned(),
        EventKind::OpEnd => "completes an operation".to_owned(),
    };
    let core = row.core.map_or_else(String::new, |core| format!(", on core {core}"));
    format!("{} {what}{core}", thread(row.thread, workload))
}

/// A thread and its group.
fn thread(thread: ThreadId, workload: &Workload) -> String {
    let mut first = 0;
    for group in &workload.groups {
        first += group.threads;
        if thread.0 < first {
            return format!("{thread} ({})", group.name);
        }
    }
    thread.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Group;

    #[test]
    fn events_are_sentences() {
        let groups = vec![Group::new("io", 2, vec![]), Group::new("cpu", 1, vec![])];
        let workload = Workload { groups, ..Workload::default() };
        let row = EventRow {
            at: Instant::from_ns(5_002_391),
            thread: ThreadId(2),
            kind: EventKind::Wake,
            core: None,
            other: Some(ThreadId(1)),
            object: None,
        };
        assert_eq!(instant(row.at), "5.002391 ms");
        assert_eq!(event(&row, &workload), "T2 (cpu) is woken at the lock by T1 (io)");
        let row = EventRow { kind: EventKind::Acquire, core: Some(1), ..row };
        assert_eq!(event(&row, &workload), "T2 (cpu) takes the lock, on core 1");
        let mut words: Vec<_> =
            EventKind::ALL.map(|kind| event(&EventRow { kind, ..row }, &workload)).into();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), EventKind::ALL.len());
    }
}
