//! Two and more threads on one core, by hand and at random.

use proptest::prelude::*;

use super::*;

const A: ThreadId = ThreadId(0);
const B: ThreadId = ThreadId(1);
const C: ThreadId = ThreadId(2);
const MS: u64 = 1_000_000;

fn at(ms: u64) -> Instant {
    Instant::from_ns(ms * MS)
}

fn queue() -> (RunQueue, Vec<Entity>) {
    let ticks = Ticks { period: Span::from_ms(4), first: Instant::ZERO };
    (RunQueue::new(0, Span::from_us(1_400), ticks), vec![Entity::default(); 3])
}

/// A and B want to compute, A has run for 4 ms, and B has its turn.
fn after_a_turn() -> (RunQueue, Vec<Entity>) {
    let (mut queue, mut entities) = queue();
    queue.start(at(0), A, &mut entities);
    queue.wake(at(0), B, &mut entities);
    queue.tick(at(4), &mut entities);
    queue.repick(at(4), &mut entities);
    (queue, entities)
}

#[test]
fn two_that_compute_alternate_at_ticks() {
    let (mut queue, mut entities) = queue();
    queue.start(at(0), A, &mut entities);
    assert!(!queue.wake(at(0), B, &mut entities), "nobody is owed time yet");
    for (ms, next) in [(4, B), (8, A), (12, B), (16, A)] {
        assert!(queue.tick(at(ms), &mut entities), "the request of 1.4 ms is used up");
        assert_eq!(queue.repick(at(ms), &mut entities), Some(next), "at {ms} ms");
    }
}

#[test]
fn who_is_owed_time_preempts_and_who_is_not_waits() {
    let (mut queue, mut entities) = after_a_turn();
    // B has 4 ms to catch up and sleeps after 1: it is owed 3.
    queue.leave(at(5), &mut entities);
    assert_eq!(queue.current, Some(A));
    assert!(queue.wake(at(6), B, &mut entities), "A is ahead: nothing protects it");
    assert_eq!(queue.repick(at(6), &mut entities), Some(B));
    // It uses up what it is owed, and 4 ms more; then it has to stay back.
    queue.leave(at(13), &mut entities);
    assert!(entities[1].delayed);
    queue.wake(at(14), B, &mut entities);
    assert!(!entities[1].delayed);
    assert_eq!(queue.repick(at(14), &mut entities), Some(A));
}

#[test]
fn nobody_pays_for_stolen_time() {
    let (mut queue, mut entities) = queue();
    queue.start(at(0), A, &mut entities);
    queue.wake(at(0), B, &mut entities);
    queue.skip(at(1), at(3), &mut entities);
    queue.tick(at(4), &mut entities);
    assert_eq!(entities[0].vruntime, 2 * MS as i64, "it ran for the first and the last of 4 ms");
}

#[test]
fn who_catches_up_is_protected() {
    let (mut queue, mut entities) = after_a_turn();
    // A is ahead, and sleeps delayed; C comes while B is catching up, within its request of 1.4 ms.
    let soon = at(5);
    assert!(!queue.wake(soon, C, &mut entities));
    assert_eq!(queue.repick(soon, &mut entities), Some(B));
    assert!(queue.tick(at(8), &mut entities));
    assert_eq!(queue.repick(at(8), &mut entities), Some(C));
}

#[test]
fn who_is_picked_again_is_not_protected_anew() {
    let (mut queue, mut entities) = after_a_turn();
    // B catches up for the rest of its 4 ms: at their ticks it is picked again, and its request is renewed.
    queue.leave(at(5), &mut entities);
    queue.wake(at(6), B, &mut entities);
    queue.repick(at(6), &mut entities);
    let protected_to = queue.protected_to;
    assert!(queue.tick(at(8), &mut entities), "2 ms are more than it requested");
    assert_eq!(queue.repick(at(8), &mut entities), Some(B), "it is still owed time");
    assert_eq!(queue.protected_to, protected_to);
    assert!(!queue.is_protected(&entities), "whoever wakes up now may take the core");
}

#[test]
fn who_slept_while_ahead_is_owed_nothing() {
    let (mut queue, mut entities) = queue();
    queue.start(at(0), A, &mut entities);
    queue.wake(at(0), B, &mut entities);
    queue.tick(at(4), &mut entities);
    // A is ahead by 4 ms, and sleeps; B catches up with it and is 16 ms ahead when it sleeps too.
    queue.leave(at(4), &mut entities);
    assert_eq!((queue.current, entities[0].delayed), (Some(B), true));
    queue.leave(at(24), &mut entities);
    assert_eq!((queue.current, entities[0].delayed), (None, false));
    assert_eq!(entities[0].lag, 0);
}

#[test]
fn catching_up_with_ticks_is_the_same_as_having_them() {
    let (mut jumped, mut entities) = queue();
    let (mut ticked, mut twins) = queue();
    jumped.start(at(0), A, &mut entities);
    ticked.start(at(0), A, &mut twins);
    for ms in 1..=103 {
        if ms % 4 == 0 {
            ticked.tick(at(ms), &mut twins);
        }
    }
    jumped.account(at(103), &mut entities);
    ticked.account(at(103), &mut twins);
    assert_eq!(entities[0].deadline, twins[0].deadline);
    assert_eq!(entities[0].vruntime, twins[0].vruntime);
}

proptest! {
    /// The sum that is kept, and the short question to a queue, against their long forms.
    #[test]
    fn what_is_kept_is_what_there_is(
        steps in prop::collection::vec((0_u64..9_000_000, 0_u32..6, 0_u8..5), 1..200),
    ) {
        let (mut queue, _) = queue();
        let mut entities = vec![Entity::default(); 6];
        let mut now = Instant::ZERO;
        for (after, thread, step) in steps {
            now = now + Span::from_ns(after);
            let thread = ThreadId(thread);
            let here = queue.current == Some(thread) || queue.queued.contains(&thread);
            match step {
                0 | 1 if here && !entities[thread.index()].delayed => {}
                0 | 1 if queue.current.is_none() => queue.start(now, thread, &mut entities),
                0 | 1 => {
                    queue.wake(now, thread, &mut entities);
                    let protected = queue.is_protected(&entities);
                    // Of equals, the current one goes first.
                    let mut twin = queue.clone();
                    twin.queued.splice(0..0, twin.current.take());
                    let best = twin.best(&entities).map(|at| twin.queued[at]);
                    let runs = !protected && best == Some(thread);
                    prop_assert_eq!(queue.would_run(thread, &entities), runs);
                }
                2 if queue.current.is_some() => queue.leave(now, &mut entities),
                3 => drop(queue.give_away(now, &mut entities)),
                _ => {
                    queue.repick(now, &mut entities);
                }
            }
            let running = queue.current.iter().chain(&queue.queued);
            let sum: i64 =
                running.map(|thread| entities[thread.index()].vruntime - queue.floor).sum();
            prop_assert_eq!(queue.sum, sum);
        }
    }
}
