//! Perfetto's own format, a stream of protocol buffers: ui.perfetto.dev opens it.
//!
//! The messages are the few that are needed, with the numbers of `protos/perfetto/trace/perfetto_trace.proto`. Times are whole
//! nanoseconds, so that neighbours neither overlap nor leave a gap. No thread is number 0, which stands for idling there, nor
//! has the number of its process, which would make it the main thread.

use std::io::{self, Write};

use indexmap::IndexSet;
use prost::Message;

use super::{Slice, Timeline, Track};

#[derive(Clone, PartialEq, Message)]
struct TracePacket {
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, tag = "10")]
    trusted_packet_sequence_id: u32,
    #[prost(message, optional, tag = "11")]
    track_event: Option<TrackEvent>,
    #[prost(message, optional, tag = "12")]
    interned_data: Option<InternedData>,
    #[prost(uint32, tag = "13")]
    sequence_flags: u32,
    #[prost(message, optional, tag = "60")]
    track_descriptor: Option<TrackDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct TrackEvent {
    #[prost(enumeration = "Kind", tag = "9")]
    kind: i32,
    #[prost(uint64, optional, tag = "10")]
    name_iid: Option<u64>,
    #[prost(uint64, tag = "11")]
    track_uuid: u64,
    #[prost(int64, optional, tag = "30")]
    counter_value: Option<i64>,
    #[prost(fixed64, repeated, packed = "false", tag = "47")]
    flow_ids: Vec<u64>,
    #[prost(fixed64, repeated, packed = "false", tag = "48")]
    terminating_flow_ids: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
enum Kind {
    Unspecified = 0,
    SliceBegin = 1,
    SliceEnd = 2,
    Counter = 4,
}

#[derive(Clone, PartialEq, Message)]
struct InternedData {
    #[prost(message, repeated, tag = "2")]
    event_names: Vec<EventName>,
}

#[derive(Clone, PartialEq, Message)]
struct EventName {
    #[prost(uint64, tag = "1")]
    iid: u64,
    #[prost(string, tag = "2")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct TrackDescriptor {
    #[prost(uint64, tag = "1")]
    uuid: u64,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
    #[prost(message, optional, tag = "3")]
    process: Option<ProcessDescriptor>,
    #[prost(message, optional, tag = "4")]
    thread: Option<ThreadDescriptor>,
    #[prost(uint64, optional, tag = "5")]
    parent_uuid: Option<u64>,
    #[prost(message, optional, tag = "8")]
    counter: Option<CounterDescriptor>,
    /// 3: as ranked.
    #[prost(int32, optional, tag = "11")]
    child_ordering: Option<i32>,
    #[prost(int32, optional, tag = "12")]
    sibling_order_rank: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct ProcessDescriptor {
    #[prost(int32, tag = "1")]
    pid: i32,
    #[prost(string, tag = "6")]
    process_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ThreadDescriptor {
    #[prost(int32, tag = "1")]
    pid: i32,
    #[prost(int32, tag = "2")]
    tid: i32,
    #[prost(string, tag = "5")]
    thread_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct CounterDescriptor {}

/// All packets are of one sequence.
const SEQUENCE: u32 = 1;
const STATE_CLEARED: u32 = 1;
const NEEDS_STATE: u32 = 2;

const PROCESS: u64 = 1;
const CORES: u64 = 2;
const WAITERS: u64 = 3;
/// Tracks of threads are numbered from here on, and so are threads.
const FIRST_THREAD: u64 = 100;
/// Tracks of cores: more threads than this no run has.
const FIRST_CORE: u64 = 100_000;

/// Writes a trace.
///
/// # Errors
/// What the writer says.
pub fn write(timeline: &Timeline, out: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer { out, names: IndexSet::new() };
    writer.describe(timeline)?;
    for (track, uuid) in timeline.threads.iter().zip(FIRST_THREAD..) {
        writer.slices(&track.slices, uuid)?;
    }
    for (track, uuid) in timeline.cores.iter().zip(FIRST_CORE..) {
        writer.slices(&track.slices, uuid)?;
    }
    for &(at, count) in &timeline.waiters {
        let event =
            TrackEvent { counter_value: Some(count.into()), ..event(Kind::Counter, WAITERS) };
        writer.event(at, event)?;
    }
    Ok(())
}

struct Writer<'w, W> {
    out: &'w mut W,
    /// Names that were told; each has its place from 1 on as number.
    names: IndexSet<String>,
}

fn event(kind: Kind, track_uuid: u64) -> TrackEvent {
    TrackEvent { kind: kind.into(), track_uuid, ..TrackEvent::default() }
}

impl<W: Write> Writer<'_, W> {
    fn packet(&mut self, packet: &TracePacket) -> io::Result<()> {
        // A trace is a message whose first field is repeated for each packet.
        let mut bytes = vec![0x0A];
        packet.encode_length_delimited(&mut bytes).expect("a vector grows");
        self.out.write_all(&bytes)
    }

    fn track(&mut self, track_descriptor: TrackDescriptor) -> io::Result<()> {
        self.packet(&TracePacket {
            trusted_packet_sequence_id: SEQUENCE,
            track_descriptor: Some(track_descriptor),
            ..TracePacket::default()
        })
    }

    /// The tracks, in the order in which they are to be seen.
    fn describe(&mut self, timeline: &Timeline) -> io::Result<()> {
        self.packet(&TracePacket {
            trusted_packet_sequence_id: SEQUENCE,
            sequence_flags: STATE_CLEARED,
            ..TracePacket::default()
        })?;
        let process = ProcessDescriptor { pid: 1, process_name: timeline.title.clone() };
        self.track(TrackDescriptor {
            uuid: PROCESS,
            process: Some(process),
            child_ordering: Some(3),
            ..TrackDescriptor::default()
        })?;
        for (Track { name, .. }, (uuid, rank)) in
            timeline.threads.iter().zip((FIRST_THREAD..).zip(1..))
        {
            let thread = ThreadDescriptor { pid: 1, tid: uuid as i32, thread_name: name.clone() };
            self.track(TrackDescriptor {
                uuid,
                parent_uuid: Some(PROCESS),
                thread: Some(thread),
                sibling_order_rank: Some(rank),
                ..TrackDescriptor::default()
            })?;
        }
        self.track(TrackDescriptor {
            uuid: WAITERS,
            name: Some("threads that wait".to_owned()),
            parent_uuid: Some(PROCESS),
            counter: Some(CounterDescriptor {}),
            sibling_order_rank: Some(0),
            ..TrackDescriptor::default()
        })?;
        if !timeline.cores.is_empty() {
            self.track(TrackDescriptor {
                uuid: CORES,
                name: Some("cores".to_owned()),
                child_ordering: Some(3),
                ..TrackDescriptor::default()
            })?;
        }
        for (core, (uuid, rank)) in timeline.cores.iter().zip((FIRST_CORE..).zip(0..)) {
            self.track(TrackDescriptor {
                uuid,
                name: Some(core.name.clone()),
                parent_uuid: Some(CORES),
                sibling_order_rank: Some(rank),
                ..TrackDescriptor::default()
            })?;
        }
        Ok(())
    }

    /// A track's slices, each with those within it before its end.
    fn slices(&mut self, slices: &[Slice], track: u64) -> io::Result<()> {
        for slice in slices {
            self.begin(slice, track)?;
            self.slices(&slice.inner, track)?;
            self.event(slice.end, event(Kind::SliceEnd, track))?;
        }
        Ok(())
    }

    fn begin(&mut self, slice: &Slice, track: u64) -> io::Result<()> {
        let (place, is_new) = match self.names.get_index_of(&slice.name) {
            Some(place) => (place, false),
            None => self.names.insert_full(slice.name.clone()),
        };
        let iid = place as u64 + 1;
        let name = EventName { iid, name: slice.name.clone() };
        // Flow 0 is none.
        let number =
            |hand_over: Option<u64>| hand_over.map(|number| number + 1).into_iter().collect();
        let event = TrackEvent {
            name_iid: Some(iid),
            flow_ids: number(slice.hand_over.given),
            terminating_flow_ids: number(slice.hand_over.received),
            ..event(Kind::SliceBegin, track)
        };
        self.packet(&TracePacket {
            timestamp: Some(slice.start),
            interned_data: is_new.then(|| InternedData { event_names: vec![name] }),
            ..packet(event)
        })
    }

    fn event(&mut self, at: u64, event: TrackEvent) -> io::Result<()> {
        self.packet(&TracePacket { timestamp: Some(at), ..packet(event) })
    }
}

fn packet(event: TrackEvent) -> TracePacket {
    TracePacket {
        trusted_packet_sequence_id: SEQUENCE,
        sequence_flags: NEEDS_STATE,
        track_event: Some(event),
        ..TracePacket::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::timeline::tests::example;
    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct Trace {
        #[prost(message, repeated, tag = "1")]
        packet: Vec<TracePacket>,
    }

    #[test]
    fn slices_nest_and_last_as_long_as_they_do() {
        let mut bytes = Vec::new();
        write(&example(), &mut bytes).unwrap();
        let trace = Trace::decode(&bytes[..]).unwrap();
        let mut names = HashMap::new();
        let mut open: HashMap<u64, Vec<(String, u64)>> = HashMap::new();
        let mut lasted: HashMap<(u64, String), u64> = HashMap::new();
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for packet in &trace.packet {
            for name in packet.interned_data.iter().flat_map(|data| &data.event_names) {
                names.insert(name.iid, name.name.clone());
            }
            let Some(event) = &packet.track_event else { continue };
            let at = packet.timestamp.unwrap();
            let stack = open.entry(event.track_uuid).or_default();
            match event.kind() {
                Kind::SliceBegin => stack.push((names[&event.name_iid.unwrap()].clone(), at)),
                Kind::SliceEnd => {
                    let (name, start) = stack.pop().expect("an end has a begin");
                    *lasted.entry((event.track_uuid, name)).or_default() += at - start;
                }
                _ => {}
            }
            from.extend(&event.flow_ids);
            to.extend(&event.terminating_flow_ids);
        }
        assert!(open.values().all(Vec::is_empty));
        assert_eq!((from, to), (vec![1], vec![1]));
        let sum = |track, name: &str| lasted[&(track, name.to_owned())];
        assert_eq!((sum(100, "has gil"), sum(100, "running")), (41, 40));
        assert_eq!((sum(101, "gil wait"), sum(101, "wants_gvl"), sum(101, "no gil")), (24, 17, 20));
        assert_eq!(sum(FIRST_CORE, "cpu"), 43);
    }
}
