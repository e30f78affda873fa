//! From a run's intervals to tracks.

use crate::analysis::intervals::waiting;
use crate::trace::{IntervalRow, State};

/// A run, track by track.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// What was run.
    pub title: String,
    /// A track for each thread: what it has to do with the lock, and within that, what it does.
    pub threads: Vec<Track>,
    /// A track for each core: which thread is on it.
    pub cores: Vec<Track>,
    /// From when on \[ns\] how many threads wait for a lock.
    pub waiters: Vec<(u64, u32)>,
}

/// Slices, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    /// Its name.
    pub name: String,
    /// In the order of time, without overlap.
    pub slices: Vec<Slice>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slice {
    /// What happens.
    pub name: String,
    /// Begin \[ns\].
    pub start: u64,
    /// End \[ns\].
    pub end: u64,
    /// The stretches within it.
    pub inner: Vec<Slice>,
    /// How the lock came and went, if the thread has it.
    pub hand_over: HandOver,
}

/// Numbers of the lock's moves from one thread to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandOver {
    /// The move that brought it.
    pub received: Option<u64>,
    /// The move that took it away.
    pub given: Option<u64>,
}

/// A thread's state with regard to the lock, as giltracer calls it.
const HAS: &str = "has gil";
const WAITS: &str = "gil wait";
const WITHOUT: &str = "no gil";

impl Timeline {
    /// The tracks of a run's intervals. `names` are those of the threads, by number.
    #[must_use]
    pub fn of(title: String, intervals: &[IntervalRow], names: &[String]) -> Self {
        let mut of_thread = vec![Vec::new(); names.len()];
        let mut of_core: Vec<Vec<&IntervalRow>> = Vec::new();
        for row in intervals.iter().filter(|row| row.start < row.end) {
            if let Some(rows) = of_thread.get_mut(row.thread.index()) {
                rows.push(row);
            }
            if let Some(core) = row.core.map(usize::from) {
                of_core.resize(of_core.len().max(core + 1), Vec::new());
                of_core[core].push(row);
            }
        }
        let threads = of_thread.into_iter().zip(names).map(|(mut rows, name)| {
            rows.sort_by_key(|row| row.start);
            Track { name: name.clone(), slices: of_lock(&rows) }
        });
        let mut threads: Vec<_> = threads.collect();
        number_hand_overs(&mut threads);
        let cores = of_core.into_iter().enumerate().map(|(core, mut rows)| {
            rows.sort_by_key(|row| row.start);
            let mut slices: Vec<Slice> = Vec::new();
            for row in rows {
                extend(&mut slices, &names[row.thread.index()], row);
            }
            Track { name: format!("core {core}"), slices }
        });
        Self { title, cores: cores.collect(), waiters: waiters(intervals), threads }
    }
}

/// A thread's slices: its states with regard to the lock, and within each what it does.
fn of_lock(rows: &[&IntervalRow]) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let waited =
            slices.last().is_some_and(|last| last.name == WAITS && last.end == row.start.ns());
        let name = match row.state {
            _ if row.holds => HAS,
            State::LockWait => WAITS,
            // Woken at the lock, and not there yet.
            State::CoreWait if waited => WAITS,
            // A call into the lock: on the way to it, or away from it.
            State::Overhead if leads_to_lock(&rows[place..]) => WAITS,
            _ => WITHOUT,
        };
        extend(&mut slices, name, row);
        let slice = slices.last_mut().expect("it was just extended");
        extend(&mut slice.inner, activity(row.state), row);
    }
    slices
}

/// Whether what a thread does leads to the lock, rather than to its own affairs.
fn leads_to_lock(rows: &[&IntervalRow]) -> bool {
    let on_the_way =
        |row: &&&IntervalRow| !row.holds && matches!(row.state, State::Overhead | State::CoreWait);
    let next = rows.iter().find(|row| !on_the_way(row));
    next.is_some_and(|row| row.holds || row.state == State::LockWait)
}

/// What a thread does, as gvl-tracing calls it where it has a word.
const fn activity(state: State) -> &'static str {
    match state {
        State::Running => "running",
        State::LockWait => "wants_gvl",
        State::Blocked => "waiting",
        State::Overhead => "overhead",
        State::CoreWait => "ready",
    }
}

/// Makes the last slice longer if it goes on, or adds one.
fn extend(slices: &mut Vec<Slice>, name: &str, row: &IntervalRow) {
    let (start, end) = (row.start.ns(), row.end.ns());
    match slices.last_mut() {
        Some(last) if last.name == name && last.end == start => last.end = end,
        _ => slices.push(Slice { name: name.to_owned(), start, end, ..Slice::default() }),
    }
}

/// Numbers the lock's moves from thread to thread. Not if several threads have a lock at once: then there are several, and it
/// is not said which is whose.
fn number_hand_overs(threads: &mut [Track]) {
    let slices = threads.iter_mut().zip(0..).flat_map(|(track, thread)| {
        let slices = track.slices.iter_mut().filter(|slice| slice.name == HAS);
        slices.map(move |slice| (thread, slice))
    });
    let mut slices: Vec<(u32, &mut Slice)> = slices.collect();
    slices.sort_by_key(|(_, slice)| slice.start);
    if slices.windows(2).any(|pair| pair[1].1.start < pair[0].1.end) {
        return;
    }
    let mut moves = 0;
    for at in 1..slices.len() {
        let (before, after) = slices.split_at_mut(at);
        let ((from, before), (to, after)) = (&mut before[at - 1], &mut after[0]);
        if from != to {
            before.hand_over.given = Some(moves);
            after.hand_over.received = Some(moves);
            moves += 1;
        }
    }
}

/// From the begin on, even if nobody waits then: viewers show everything from the first value on.
fn waiters(intervals: &[IntervalRow]) -> Vec<(u64, u32)> {
    let mut waiters = waiting(intervals);
    let begin = intervals.iter().map(|row| row.start.ns()).min();
    if let Some(begin) = begin
        && waiters.first().is_none_or(|(at, _)| *at > begin)
    {
        waiters.insert(0, (begin, 0));
    }
    waiters
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analysis::intervals::tests::interval;

    fn row(
        thread: u32,
        state: State,
        holds: bool,
        core: Option<u16>,
        from: u64,
        to: u64,
    ) -> IntervalRow {
        IntervalRow { core, ..interval(thread, state, holds, from, to) }
    }

    /// One thread computes until another, back from I/O, takes the lock.
    pub fn example() -> Timeline {
        use State::{Blocked, CoreWait, LockWait, Overhead, Running};
        let rows = [
            row(0, Running, true, Some(0), 0, 40),
            row(1, Blocked, false, None, 0, 20),
            row(1, Overhead, false, Some(1), 20, 25),
            row(1, LockWait, false, None, 25, 42),
            row(0, Overhead, true, Some(0), 40, 41),
            row(0, Overhead, false, Some(0), 41, 43),
            row(1, CoreWait, false, None, 42, 44),
            row(0, LockWait, false, None, 43, 60),
            row(1, Overhead, true, Some(1), 44, 45),
            row(1, Running, true, Some(1), 45, 60),
            row(1, Running, true, Some(1), 60, 60),
        ];
        Timeline::of("a run".to_owned(), &rows, &["cpu".to_owned(), "io".to_owned()])
    }

    #[test]
    fn a_hand_over_is_told_by_both_threads() {
        let timeline = example();
        let told = |track: &Track| {
            let slices = track.slices.iter();
            slices.map(|slice| (slice.name.clone(), slice.start, slice.end)).collect::<Vec<_>>()
        };
        let named = |names: [(&str, u64, u64); 3]| {
            names.map(|(name, start, end)| (name.to_owned(), start, end)).to_vec()
        };
        let [cpu, io] = &timeline.threads[..] else { panic!() };
        assert_eq!(told(cpu)[..2], named([(HAS, 0, 41), (WAITS, 41, 60), ("", 0, 0)])[..2]);
        assert_eq!(told(io), named([(WITHOUT, 0, 20), (WAITS, 20, 44), (HAS, 44, 60)]));
        let inner = |slice: &Slice| {
            slice.inner.iter().map(|inner| inner.name.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(inner(&io.slices[1]), "overhead wants_gvl ready");
        assert_eq!(inner(&io.slices[2]), "overhead running");
        assert_eq!(cpu.slices[0].hand_over, HandOver { received: None, given: Some(0) });
        assert_eq!(io.slices[2].hand_over, HandOver { received: Some(0), given: None });
        assert_eq!(timeline.waiters, [(0, 0), (25, 1), (42, 0), (43, 1), (60, 0)]);
        assert_eq!(timeline.cores.len(), 2);
        assert_eq!(told(&timeline.cores[0]), [("cpu".to_owned(), 0, 43)]);
    }

    #[test]
    fn with_several_locks_no_moves_are_guessed() {
        let rows = [
            row(0, State::Running, true, None, 0, 5),
            row(1, State::Running, true, None, 3, 9),
            row(0, State::Running, true, None, 10, 12),
        ];
        let names = ["a".to_owned(), "b".to_owned()];
        let timeline = Timeline::of(String::new(), &rows, &names);
        let slices = timeline.threads.iter().flat_map(|track| &track.slices);
        assert!(slices.into_iter().all(|slice| slice.hand_over == HandOver::default()));
    }
}
