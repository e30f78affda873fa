//! Chrome's trace events in JSON, which many programs read.
//!
//! Times are microseconds. Slices begin and end instead of lasting: two numbers that are rounded apart from each other would let
//! neighbours overlap, and readers drop what overlaps.

use std::io::{self, Write};

use serde::Serialize;

use super::{Slice, Timeline, Track};

/// Threads and cores are shown as two processes.
const THREADS: u32 = 1;
const CORES: u32 = 2;
/// Threads are numbered from here on: 0 is none, and the number of its process would make one the main thread.
const FIRST: u64 = 100;

#[derive(Debug, Clone, Copy, Serialize)]
struct Event<'a> {
    /// B, E: a slice begins, ends; s, f: an arrow; C: a counter; M: a name.
    ph: char,
    name: &'a str,
    pid: u32,
    tid: u64,
    ts: f64,
    #[serde(flatten)]
    arrow: Option<Arrow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<Arguments<'a>>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Arrow {
    cat: &'static str,
    id: u64,
    /// It ends at the slice that it is in, and not at the next.
    bp: char,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Arguments<'a> {
    Name(&'a str),
    Threads(u32),
}

/// Writes a trace.
///
/// # Errors
/// What the writer says.
pub fn write(timeline: &Timeline, out: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer { out, is_first: true };
    writer.out.write_all(b"{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
    writer.tracks(THREADS, &timeline.title, &timeline.threads)?;
    writer.tracks(CORES, "cores", &timeline.cores)?;
    for &(at, count) in &timeline.waiters {
        let event = Event::new('C', "threads that wait", THREADS, 0, at);
        writer.event(&Event { args: Some(Arguments::Threads(count)), ..event })?;
    }
    writer.out.write_all(b"\n]}\n")
}

impl<'a> Event<'a> {
    fn new(ph: char, name: &'a str, pid: u32, tid: u64, ns: u64) -> Self {
        // Exact to the nanosecond for any length of a run.
        Self { ph, name, pid, tid, ts: ns as f64 / 1000.0, arrow: None, args: None }
    }
}

struct Writer<'w, W> {
    out: &'w mut W,
    is_first: bool,
}

impl<W: Write> Writer<'_, W> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        Ok(serde_json::to_writer(&mut *self.out, event)?)
    }

    fn tracks(&mut self, process: u32, name: &str, tracks: &[Track]) -> io::Result<()> {
        if tracks.is_empty() {
            return Ok(());
        }
        let event = Event::new('M', "process_name", process, 0, 0);
        self.event(&Event { args: Some(Arguments::Name(name)), ..event })?;
        for (track, thread) in tracks.iter().zip(FIRST..) {
            let event = Event::new('M', "thread_name", process, thread, 0);
            self.event(&Event { args: Some(Arguments::Name(&track.name)), ..event })?;
            self.slices(&track.slices, process, thread)?;
        }
        Ok(())
    }

    fn slices(&mut self, slices: &[Slice], process: u32, thread: u64) -> io::Result<()> {
        let arrow = |ph, at, id| Event {
            arrow: Some(Arrow { cat: "lock", id, bp: 'e' }),
            ..Event::new(ph, "lock", process, thread, at)
        };
        for Slice { name, start, end, inner, hand_over } in slices {
            self.event(&Event::new('B', name, process, thread, *start))?;
            if let Some(number) = hand_over.received {
                self.event(&arrow('f', *start, number))?;
            }
            self.slices(inner, process, thread)?;
            if let Some(number) = hand_over.given {
                // Within the slice, so that it begins there.
                self.event(&arrow('s', end - 1, number))?;
            }
            self.event(&Event::new('E', name, process, thread, *end))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::timeline::tests::example;
    use super::*;

    #[test]
    fn events_are_json_and_slices_are_closed() {
        let mut bytes = Vec::new();
        write(&example(), &mut bytes).unwrap();
        let trace: Value = serde_json::from_slice(&bytes).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let of = |ph: &str| events.iter().filter(|event| event["ph"] == ph).collect::<Vec<_>>();
        assert_eq!(of("B").len(), of("E").len());
        let [from, to] = [of("s")[0], of("f")[0]];
        assert_eq!(
            (&from["id"], &from["tid"], &from["ts"]),
            (&to["id"], &100.into(), &0.04.into())
        );
        assert_eq!((&to["bp"], &to["tid"], &to["ts"]), (&"e".into(), &101.into(), &0.044.into()));
        assert_eq!(of("C").len(), 5);
        assert_eq!(of("M")[1]["args"]["name"], "cpu");
    }
}
