//! The systems, and what is known of them. Times are in milliseconds.

use crate::theory::gil::{RandomTurns, TimedWait};
use crate::theory::network::mean_value_analysis;
use crate::theory::polling::{Discipline, Polling};
use crate::theory::priority::{Class, preemptive_responses, waits};
use crate::theory::{FiniteSource, Moments, Performance, open, repairman, scaling};
use crate::workload::Serves;

/// A system.
#[derive(Debug, Clone)]
pub(super) struct System {
    /// What it is.
    pub name: String,
    /// Groups, objects, machine and policy, as in experiment files.
    pub text: String,
    /// Simulated time.
    pub seconds: u64,
    /// What is known; the first value counts for the chi-square.
    pub exact: Vec<(Quantity, f64)>,
    /// How far off a value may be where chance plays no part.
    pub tolerance: Option<f64>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Quantity {
    /// Operations per millisecond.
    Throughput,
    /// Mean time from request to the end of the hold \[ms\].
    Response,
    /// A quantile of it \[ms\].
    Quantile(f64),
    /// The share of responses that are longer than so much \[ms\].
    Longer(f64),
    /// How often the lock changes its holder, per millisecond.
    Switches,
    /// Time until all is done \[ms\].
    Elapsed,
}

impl Quantity {
    pub fn name(self) -> String {
        match self {
            Self::Throughput => "throughput (1/ms)".to_owned(),
            Self::Response => "response (ms)".to_owned(),
            Self::Quantile(q) => format!("response, {:.0}th percentile (ms)", 100.0 * q),
            Self::Longer(ms) => format!("share of responses above {ms} ms"),
            Self::Switches => "switches (1/ms)".to_owned(),
            Self::Elapsed => "time for all (ms)".to_owned(),
        }
    }
}

use Quantity::{Elapsed, Longer, Quantile, Response, Switches, Throughput};

const FIFO: &str = "policy = { fifo_handoff = {} }";
const ONE_MS: &str = "{ exponential = { mean = \"1ms\" } }";

/// Ten threads that think for 10 ms on average and hold for 1 ms.
const TEN: FiniteSource = FiniteSource { threads: 10, think: 10.0, hold: 1.0 };

/// What theory knows of a system that makes sense.
fn known<T>(answer: Option<T>) -> T {
    answer.expect("the systems make sense")
}

fn steady(performance: Option<Performance>) -> Vec<(Quantity, f64)> {
    let Performance { throughput, response, .. } = known(performance);
    vec![(Throughput, throughput), (Response, response)]
}

/// Threads that think and hold.
fn repairmen(threads: u32, think: &str, hold: &str) -> String {
    format!(
        "[groups.t]\nthreads = {threads}\narrivals = {{ think = {think} }}\n\
         program = [{{ compute = {hold} }}]"
    )
}

fn thinking(ms: f64) -> String {
    format!("{{ exponential = {{ mean = \"{ms}ms\" }} }}")
}

/// Requests that come every two milliseconds on average, for so many threads.
fn requests(threads: u32, hold: &str) -> String {
    format!(
        "[groups.t]\nthreads = {threads}\narrivals = {{ poisson = {{ mean_gap = \"2ms\" }} }}\n\
         program = [{{ compute = {hold} }}]"
    )
}

fn system(name: &str, head: &str, groups: &str, exact: &[(Quantity, f64)]) -> System {
    System {
        name: name.to_owned(),
        text: format!("{head}\n{groups}"),
        seconds: 60,
        exact: exact.to_vec(),
        tolerance: None,
    }
}

pub(super) fn systems() -> Vec<System> {
    let mut all = closed();
    all.extend(orders_of_service());
    all.extend(several_servers());
    all.extend(open_streams());
    all.push(set_up());
    all.extend(polled_queues());
    all.push(random_turns());
    all.extend(without_chance());
    all
}

/// A fixed number of threads and one lock.
fn closed() -> Vec<System> {
    let mut all = Vec::new();
    for (threads, think) in [(1, 1.0), (4, 10.0), (10, 10.0), (64, 50.0)] {
        let source = FiniteSource { threads, think, hold: 1.0 };
        let mut exact = steady(source.exponential(1));
        if threads == 10 {
            exact.extend(
                [0.5, 0.9, 0.99].map(|q| (Quantile(q), known(source.response_quantile(q)))),
            );
        }
        let name = format!("M/M/1//{threads}, Z = {think}, h = 1");
        all.push(system(&name, FIFO, &repairmen(threads, &thinking(think), ONE_MS), &exact));
    }
    for (threads, think) in [(4, 10.0), (10, 10.0), (64, 50.0)] {
        let source = FiniteSource { threads, think, hold: 1.0 };
        let exact = steady(source.general(repairman::constant(1.0)));
        let name = format!("M/D/1//{threads}, Z = {think}, h = 1");
        all.push(system(&name, FIFO, &repairmen(threads, &thinking(think), "\"1ms\""), &exact));
    }
    // Only the mean of thinking matters.
    let exact = steady(TEN.exponential(1));
    for (law, think) in [
        ("constant", "\"10ms\""),
        ("uniform", "{ uniform = { low = \"0ms\", high = \"20ms\" } }"),
        ("gamma", "{ gamma = { shape = 0.5, mean = \"10ms\" } }"),
    ] {
        let name = format!("G/M/1//10, Z = 10 ({law}), h = 1");
        let groups = repairmen(10, think, ONE_MS);
        all.push(system(&name, FIFO, &groups, &exact[..1]));
    }
    // Long queues take long to settle, and the begin counts.
    all.iter_mut().filter(|system| system.name.contains("64")).for_each(|one| one.seconds = 120);
    all
}

/// Who comes next does not matter for means, as long as nobody looks at how long holds are, and nothing costs anything.
fn orders_of_service() -> Vec<System> {
    let exact = steady(TEN.exponential(1));
    let groups = repairmen(10, &thinking(10.0), ONE_MS);
    let policies = [
        ("plain mutex", "policy = { barging = {} }"),
        ("timed wait, 0.2 ms", "policy = { timed_wait = { interval = \"200us\" } }"),
        ("ticks, 1 ms", "policy = { tick = { interval = 1000, tick = \"1us\" } }"),
    ];
    policies
        .into_iter()
        .map(|(name, policy)| {
            system(&format!("M/M/1//10, Z = 10, h = 1, {name}"), policy, &groups, &exact)
        })
        .collect()
}

/// No lock, but cores, or a lock for each of several objects.
fn several_servers() -> Vec<System> {
    let mut all = Vec::new();
    let groups = repairmen(10, &thinking(10.0), ONE_MS);
    for cores in [2, 4] {
        let exact = steady(TEN.exponential(cores));
        let head =
            format!("machine = {{ ideal = {{ cores = {cores} }} }}\npolicy = {{ none = {{}} }}");
        all.push(system(&format!("M/M/{cores}//10, Z = 10, h = 1"), &head, &groups, &exact));
    }
    for locks in [1_u32, 2, 4, 16] {
        let demands = vec![1.0 / f64::from(locks); locks as usize];
        let found = known(mean_value_analysis(16, 2.0, &demands));
        let exact = [(Throughput, found.throughput), (Response, found.response)];
        let groups = format!(
            "objects.tables = {{ count = {locks} }}\n[groups.t]\nthreads = 16\n\
             arrivals = {{ think = {} }}\n\
             program = [{{ change = {{ object = \"tables\", steps = [{{ compute = {ONE_MS} }}] }} }}]",
            thinking(2.0)
        );
        let name = format!("16 threads, {locks} locks, Z = 2, h = 1");
        let one = system(&name, FIFO, &groups, &exact);
        // Many operations, none of which waits for long.
        all.push(System { seconds: 20, ..one });
    }
    all
}

/// Requests that come as they come, half of what the server can do.
fn open_streams() -> Vec<System> {
    let mixture = "{ mixture = [{ weight = 1, law = { exponential = { mean = \"0.5ms\" } } }, \
                   { weight = 1, law = { exponential = { mean = \"1.5ms\" } } }] }";
    let round_robin = "policy = { timed_wait = { interval = \"200us\" } }";
    let mut all = Vec::new();
    for (name, head, threads, hold, square) in [
        ("M/M/1, half busy", FIFO, 1, ONE_MS, 2.0),
        ("M/D/1, half busy", FIFO, 1, "\"1ms\"", 1.0),
        ("M/G/1, half busy, two exponentials", FIFO, 1, mixture, 2.5),
        ("M/M/1, half busy, in turns of 0.2 ms", round_robin, 60, ONE_MS, 2.0),
    ] {
        let exact = [(Response, 1.0 + known(open::wait(0.5, Moments { mean: 1.0, square })))];
        let mut one = system(name, head, &requests(threads, hold), &exact);
        one.seconds = 200;
        all.push(one);
    }
    all.extend(two_classes());
    all
}

/// Two classes of requests, the first more important. The second's computing passes check points, where it is made to let go the
/// first time that a hold takes longer than an interval; it is penalised for it, and without a bonus that lasts. The first's
/// code has none, and so it stays what it is.
fn two_classes() -> [System; 2] {
    let class = |rate, mean| Class { rate, hold: Moments::exponential(mean) };
    let (first, second) = (class(0.3, 0.5), class(0.4, 1.0));
    let group = |name: &str, class: Class, program: &str| {
        let gap_ns = (1e6 / class.rate).round();
        format!(
            "[groups.{name}]\nthreads = 30\narrivals = {{ poisson = {{ mean_gap = \"{gap_ns}ns\" }} }}\n\
             program = [{program}]\n"
        )
    };
    let system = |name: &str, responses: Vec<f64>, program: &str| {
        let groups = group("first", first, "{ c_hold = { exponential = { mean = \"0.5ms\" } } }")
            + &group("second", second, program);
        let mean =
            (first.rate * responses[0] + second.rate * responses[1]) / (first.rate + second.rate);
        let policy = "policy = { priority = { bonus = 0, interval = \"100us\" } }";
        let name = format!("M/M/1, two classes, {name}");
        let one = system(&name, policy, &groups, &[(Response, mean)]);
        System { seconds: 200, ..one }
    };
    let cut = known(preemptive_responses(&[first, second]));
    let waits = known(waits(&[first, second]));
    let uncut = vec![waits[0] + first.hold.mean, waits[1] + second.hold.mean];
    [
        system("cut", cut, &format!("{{ compute = {ONE_MS} }}")),
        // A check point just after the hold, which is too short to count.
        system(
            "uncut",
            uncut,
            &format!("{{ op = [{{ c_hold = {ONE_MS} }}] }}, {{ compute = \"50ns\" }}"),
        ),
    ]
}

/// Requests to one thread, which sleeps when it has none, and takes 0.5 ms to get back onto its core: so much longer takes the first
/// of those that come until it sleeps again.
fn set_up() -> System {
    let others = Moments::exponential(1.0);
    let first = Moments { mean: 1.5, square: others.square + 1.0 + 0.25 };
    let response = known(open::exceptional_first_response(0.5, first, others));
    let free = [
        "wake_latency",
        "wake_jitter",
        "cold_start",
        "switch_away",
        "sleep_call",
        "steal",
        "timer_slack",
        "timer_jitter",
        "lock_call",
        "wake_call",
        "interrupt_call",
        "call_jitter",
    ];
    let costs: String = free.iter().map(|cost| format!("{cost} = \"0ns\"\n")).collect();
    let machine = format!(
        "policy.none = {{}}\n[machine.linux]\ncores = 1\ncontext_switch = \"500us\"\n{costs}"
    );
    let groups = requests(1, ONE_MS);
    let one =
        system("M/M/1, the first takes 0.5 ms longer", &machine, &groups, &[(Response, response)]);
    System { seconds: 200, ..one }
}

/// Threads that each have the lock for 2 ms, longer than an interval, and a random one of which comes next.
fn random_turns() -> System {
    const CHECK: f64 = 50e-6;
    let turns = known(RandomTurns::of(16));
    let switches = 15;
    // A turn of one's own, one of each of the others, and half of one to be beyond doubt.
    let longest = (f64::from(switches) + 1.5) * (2.0 + CHECK);
    let groups =
        "[groups.t]\nthreads = 16\nprogram = [{ c_hold = \"2ms\" }, { compute = \"50ns\" }]";
    let policy = "policy = { timed_wait = { pick = \"random\", interval = \"1ms\", check_spacing = \"50ns\" } }";
    system("16 threads in random turns", policy, groups, &[(Longer(longest), turns.tail(switches))])
}

/// Threads that look for requests one after the other, each to a queue of its own: the lock goes from queue to queue.
fn polled_queues() -> Vec<System> {
    let queues = Polling {
        queues: 4,
        rate: 0.1,
        hold: Moments::exponential(1.0),
        switch: Moments::constant(0.25),
    };
    let disciplines = [
        ("1-limited", Serves::One, Discipline::OneLimited),
        ("gated", Serves::Waiting, Discipline::Gated),
        ("exhaustive", Serves::UntilEmpty, Discipline::Exhaustive),
    ];
    let system = |(name, serves, discipline): (&str, Serves, Discipline)| {
        let serves = toml::Value::try_from(serves).expect("a name");
        let group = |queue: u32| {
            format!(
                "[groups.queue{queue}]\narrivals = {{ poisson = {{ mean_gap = \"10ms\" }} }}\n\
                 polls = {{ steps = [\"yield\", {{ compute = \"250us\" }}], serves = {serves} }}\n\
                 program = [{{ compute = {ONE_MS} }}]\n"
            )
        };
        let groups: String = (0..queues.queues).map(group).collect();
        let exact = [(Response, known(queues.wait(discipline)) + queues.hold.mean)];
        let one = system(&format!("4 polled queues, {name}"), FIFO, &groups, &exact);
        System { seconds: 200, ..one }
    };
    disciplines.into_iter().map(system).collect()
}

/// What has no chance in it.
fn without_chance() -> Vec<System> {
    let mut all = Vec::new();
    for threads in [8, 64] {
        let name = format!("Amdahl's law, {threads} threads, 9 ms + 1 ms");
        let groups = format!(
            "objects.log = {{}}\n[groups.t]\nthreads = {threads}\niterations = 1\n\
             program = [{{ compute = \"9ms\" }}, {{ change = {{ object = \"log\", \
             steps = [{{ compute = \"1ms\" }}] }} }}]"
        );
        let source = FiniteSource { threads, think: 9.0, hold: 1.0 };
        let elapsed = f64::from(threads) / known(scaling::synchronous(&source)).throughput;
        let one = system(&name, FIFO, &groups, &[(Elapsed, elapsed)]);
        all.push(System { tolerance: Some(1e-6), ..one });
    }
    let lock = TimedWait { interval: 5.0, check: 50e-6, switch: 0.0 };
    let slices = system(
        "4 threads that compute",
        "policy = { timed_wait = { check_spacing = \"50ns\" } }",
        "[groups.t]\nthreads = 4\nprogram = [{ compute = \"10h\" }]",
        &[(Switches, lock.switch_rate())],
    );
    // To a check point, and to the slice that the run cuts off.
    all.push(System { tolerance: Some(0.2 / 12_000.0), ..slices });
    // The one that computes passes a check point every 50 ns, and is just past one when it is asked.
    let convoy = "[groups.io]\nprogram = [{ op = [{ block = \"1ms\" }, { compute = \"10us\" }] }]\n\
                  [groups.cpu]\nstart = \"100ns\"\nprogram = [{ compute = \"10h\" }]";
    let response = 1.0 / known(lock.convoy_throughput(1.0, 0.01));
    let head = "policy = { timed_wait = { check_spacing = \"50ns\" } }";
    let one = system(
        "one I/O thread beside one that computes",
        head,
        convoy,
        &[(Quantile(0.5), response)],
    );
    all.push(System { tolerance: Some(1e-6), ..one });
    all
}
