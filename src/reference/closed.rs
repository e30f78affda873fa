//! A fixed number of threads: machine repairmen, networks of objects' locks, and asymptotic bounds.

use gilsim_policies::{PolicySpec, Span};
use indexmap::IndexMap;

use super::demand::{Demand, Hold, has_more, touch, whole_op};
use super::fairness::all_get_on;
use super::laws::{FINEST, is_tame};
use super::{System, Theory, quantile_of};
use crate::machine::MachineSpec;
use crate::theory::network::mean_value_analysis;
use crate::theory::{FiniteSource, bounds, scaling};
use crate::workload::{Access, Arrivals, Group, Law, Step};

/// More objects than this are no network that anybody waits in, and take long to compute.
const MOST_OBJECTS: u32 = 10_000;

/// What is known of a group whose threads begin anew when they are done.
pub(super) fn theory(system: &System<'_>, metric: &str) -> Option<Theory> {
    let group = system.group()?;
    let Arrivals::Closed { think } = &group.arrivals else { return None };
    if let Some(found) = once(system, group, metric) {
        return Some(found);
    }
    if group.passes.is_some() || group.stop.is_some() || !is_tame(think) {
        return None;
    }
    if let Some(q) = quantile_of(metric) {
        return quantile(system, group, q);
    }
    let demand = Demand::of(&group.program, system.stretch())?;
    let away = think.mean_ns();
    let rounds = rounds(system, group, &demand, away);
    let per_round = match metric {
        "ops_per_s" => return Some(rounds.scaled(1e9 * demand.ops)),
        "latency_mean_ns" => return latency(system, group, &demand, away, &rounds),
        "lock_held_share" if system.locks() > 0 => demand.locked,
        "cpu_share" => demand.cpu(),
        _ => return None,
    };
    // Other groups have the lock and cores, too; what calls cost counts as well.
    let runtime = system.runtime;
    let starts = runtime.launch.is_zero() && runtime.boot.is_zero();
    let alone = system.is_sole() && system.is_free() && starts && !has_more(&group.program);
    alone.then(|| rounds.scaled(per_round))
}

/// What is known of the rounds of all threads of the group \[1/ns\].
fn rounds(system: &System<'_>, group: &Group, demand: &Demand, away: f64) -> Theory {
    let high = upper(system, group, demand, away);
    let low = lower(system, group, demand, away);
    if (high - low).abs() <= 1e-12 * high {
        let waits = system.locks() > 0 && demand.locked > 0.0 && group.threads > system.locks();
        let model = if waits || system.cores().is_some() { "saturated" } else { "no waiting" };
        return Theory::Exact { value: high, model: model.to_owned() };
    }
    exact(system, group).unwrap_or(Theory::Between { low, high })
}

/// How many threads of the group share each lock; all of them where there is none.
pub(super) fn shares(system: &System<'_>, group: &Group) -> Vec<u32> {
    let mut shares = vec![0; system.locks().max(1) as usize];
    let first: u32 = system.workload.groups[..system.focus].iter().map(|other| other.threads).sum();
    for thread in first..first + group.threads {
        let lock = if system.locks() > 1 { system.runtime.interpreter(thread) } else { 0 };
        shares[lock as usize] += 1;
    }
    shares.retain(|threads| *threads > 0);
    shares
}

/// What the rounds don't exceed \[1/ns\]: no thread is faster than alone, no lock is held for more than all of the time, and
/// no core is busy for more.
pub(super) fn upper(system: &System<'_>, group: &Group, demand: &Demand, away: f64) -> f64 {
    let rest = away + demand.unlocked + demand.blocked;
    let of_share = |threads: u32| {
        let threads = if system.runtime.one_by_one { 1 } else { threads };
        let source = FiniteSource { threads, think: rest, hold: demand.locked };
        let alone = f64::from(threads) / (rest + demand.locked);
        if system.locks() == 0 { alone } else { bounds::upper(&source, 0.0).unwrap_or(alone) }
    };
    let threads: f64 = shares(system, group).into_iter().map(of_share).sum();
    system.cores().map_or(threads, |cores| threads.min(f64::from(cores) / demand.cpu()))
}

/// What they don't fall below \[1/ns\], zero if nothing is known: as if all others were always ahead, at the one thing
/// that threads wait for.
fn lower(system: &System<'_>, group: &Group, demand: &Demand, away: f64) -> f64 {
    // Without a lock, and with a core for each, nobody is in anybody's way.
    let undisturbed = system.is_sole() || (system.locks() == 0 && system.is_free());
    // A collection of any group's stops all.
    let mut present = system.workload.groups.iter().filter(|other| other.threads > 0);
    let disturbed = !undisturbed || present.any(|other| has_more(&other.program));
    if disturbed || !system.is_steady() {
        return 0.0;
    }
    if system.is_free() {
        let rest = away + demand.unlocked + demand.blocked;
        let of_share = |threads: u32| {
            // Nobody waits for a lock that there is not, nor for one that nobody has for any time.
            let waits = system.locks() > 0 && demand.locked > 0.0;
            let source = FiniteSource { threads, think: rest, hold: demand.locked };
            let alone = f64::from(threads) / (rest + demand.locked);
            if waits { bounds::lower(&source, 0.0).unwrap_or(0.0) } else { alone }
        };
        return shares(system, group).into_iter().map(of_share).sum();
    }
    match (system.machine, system.cores(), system.locks()) {
        // Cores instead of locks. All others wait only while all cores are busy: those c do what one would that is c
        // times as fast.
        (MachineSpec::Ideal(_), Some(cores), 0) => {
            let hold = demand.cpu() / f64::from(cores);
            let think = away + demand.blocked;
            let source = FiniteSource { threads: group.threads, think, hold };
            bounds::lower(&source, 0.0).unwrap_or(0.0)
        }
        _ => 0.0,
    }
}

/// A round that goes to one server once, and is somewhere else before.
struct Round<'a> {
    hold: Hold<'a>,
    /// Where it is before.
    think: &'a Law,
}

impl<'a> Round<'a> {
    /// A thread that pauses in its pass takes the lock back each time, so that there may be one pause alone.
    fn of(group: &'a Group, stretch: f64) -> Option<Self> {
        let Arrivals::Closed { think } = &group.arrivals else { return None };
        let timed: Vec<_> = group
            .program
            .steps
            .iter()
            .filter(|step| !matches!(step, Step::OpStart | Step::OpEnd))
            .collect();
        let pauses = *think != Law::Constant(Span::ZERO);
        let (think, step) = match timed[..] {
            [step] if pauses => (think, step),
            [Step::Block(think) | Step::CRelease(think), step]
            | [step, Step::Block(think) | Step::CRelease(think)]
                if !pauses && is_tame(think) =>
            {
                (think, step)
            }
            _ => return None,
        };
        Some(Self { hold: Hold::of(step, stretch)?, think })
    }
}

/// The rounds \[1/ns\], where they are known exactly.
fn exact(system: &System<'_>, group: &Group) -> Option<Theory> {
    if !matches!(system.machine, MachineSpec::Ideal(_)) || !system.is_sole() || !system.is_steady()
    {
        return None;
    }
    if system.locks() == 0 {
        return network(system, group).or_else(|| servers(system, group));
    }
    if !system.is_free() {
        return None;
    }
    let Round { hold, think } = Round::of(group, system.stretch())?;
    let uncut = !hold.has_checks || system.cuts_nobody();
    let rounds = |threads: u32| {
        let source = FiniteSource { threads, think: think.mean_ns(), hold: hold.mean() };
        let found = if hold.is_memoryless() {
            // No order can know how long a hold goes on, and only the mean of thinking matters.
            source.exponential(1)
        } else {
            let memoryless = matches!(think, Law::Exponential { .. });
            let known = uncut && memoryless && hold.transform(0.0).is_some();
            known.then(|| source.general(|s| hold.transform(s).unwrap_or(f64::NAN))).flatten()
        };
        found.map(|found| found.throughput)
    };
    let shares = shares(system, group);
    let value = shares.iter().map(|threads| rounds(*threads)).sum::<Option<f64>>()?;
    let mut models: IndexMap<u32, u32> = IndexMap::new();
    shares.iter().for_each(|threads| *models.entry(*threads).or_default() += 1);
    let model = |(threads, times): (&u32, &u32)| {
        let times = if shares.len() > 1 { format!("{times} x ") } else { String::new() };
        format!("{times}{}/{}/1//{threads}", letter(think), letter(hold.law))
    };
    let model = models.iter().map(model).collect::<Vec<_>>().join(" + ");
    Some(Theory::Exact { value, model })
}

/// Kendall's letter for a law.
const fn letter(law: &Law) -> char {
    match law {
        Law::Exponential { .. } => 'M',
        Law::Constant(_) => 'D',
        _ => 'G',
    }
}

/// Without a lock, with fewer cores than threads: they are the servers.
fn servers(system: &System<'_>, group: &Group) -> Option<Theory> {
    let Round { hold, think } = Round::of(group, system.stretch())?;
    let off_core = !group.program.steps.iter().any(|step| matches!(step, Step::CRelease(_)));
    let cores = system.cores().filter(|_| hold.is_memoryless() && off_core)?;
    let source = FiniteSource { threads: group.threads, think: think.mean_ns(), hold: hold.mean() };
    let value = source.exponential(cores)?.throughput;
    let model = format!("{}/M/{cores}//{}", letter(think), group.threads);
    Some(Theory::Exact { value, model })
}

/// Each round has the lock of one of several objects for a time without memory, and counts no references.
fn network(system: &System<'_>, group: &Group) -> Option<Theory> {
    use crate::architecture::{Interpreters, Protection::Immortal};

    let Arrivals::Closed { think } = &group.arrivals else { return None };
    let (population, access, Law::Exponential { mean_ns }) = touch(whole_op(&group.program)?)?
    else {
        return None;
    };
    let population = system.workload.populations.get(population)?;
    let counts = system.runtime.counts.is_some_and(|counts| counts.protection != Immortal);
    let lock = system.runtime.objects.policy(access)?;
    let no_lock = matches!(lock, PolicySpec::None(_)) || access == Access::Read;
    let large = population.count > MOST_OBJECTS;
    let copies = system.runtime.interpreters != Interpreters::One;
    if counts || no_lock || copies || large || !system.is_free() || !population.is_uniform() {
        return None;
    }
    let demand = system.stretch() * mean_ns / f64::from(population.count);
    let demands = vec![demand; population.count as usize];
    let value = mean_value_analysis(group.threads, think.mean_ns(), &demands)?.throughput;
    let model = format!("{} locks, {} threads", population.count, group.threads);
    Some(Theory::Exact { value, model })
}

/// The mean latency by the law of response times, N/X - Z, if an operation is a whole pass.
fn latency(
    system: &System<'_>,
    group: &Group,
    demand: &Demand,
    away: f64,
    rounds: &Theory,
) -> Option<Theory> {
    whole_op(&group.program)?;
    if !system.is_steady() {
        return None;
    }
    let alone = demand.mean();
    // What takes no time has no latency but rounding.
    if alone <= 0.0 {
        return None;
    }
    let response = |rounds: f64| f64::from(group.threads) / rounds - away;
    let (Theory::Exact { value: most, .. } | Theory::Between { high: most, .. }) = *rounds;
    Some(match rounds {
        // Operations of threads that starve never end, and are in no mean: nor are long ones as often as short ones.
        _ if !all_get_on(system, group, demand, most) => {
            return (demand.variance == 0.0)
                .then_some(Theory::Between { low: alone, high: f64::INFINITY });
        }
        // There, who ends a pass may stand without a core before it begins to think.
        _ if matches!(system.machine, MachineSpec::Linux(_)) && away > 0.0 => {
            Theory::Between { low: alone, high: f64::INFINITY }
        }
        Theory::Exact { value, model } => {
            Theory::Exact { value: response(*value), model: model.clone() }
        }
        Theory::Between { low, high } => {
            Theory::Between { low: response(*high).max(alone), high: response(*low) }
        }
    })
}

/// The quantile of the response of M/M/1//N, first come, first served.
fn quantile(system: &System<'_>, group: &Group, q: f64) -> Option<Theory> {
    let Arrivals::Closed { think: Law::Exponential { mean_ns: think } } = group.arrivals else {
        return None;
    };
    let [step] = whole_op(&group.program)? else { return None };
    let hold = Hold::of(step, system.stretch()).filter(Hold::is_memoryless)?;
    let fifo = matches!(system.policy, PolicySpec::FifoHandoff(_)) && system.locks() == 1;
    if !fifo || !system.is_free() || !system.is_sole() || !system.is_steady() {
        return None;
    }
    let source = FiniteSource { threads: group.threads, think, hold: hold.mean() };
    let value = source.response_quantile(q).filter(|value| *value >= FINEST)?;
    Some(Theory::Exact { value, model: format!("M/M/1//{}", group.threads) })
}

/// One pass of each thread, which goes to the lock once, nothing of it by chance: Amdahl's law.
fn once(system: &System<'_>, group: &Group, metric: &str) -> Option<Theory> {
    let Round { hold: Hold { law: Law::Constant(hold), .. }, think: Law::Constant(think) } =
        Round::of(group, 1.0)?
    else {
        return None;
    };
    let present =
        system.threads() == group.threads && group.start.ns() == 0 && group.stop.is_none();
    let runtime = system.runtime;
    let starts = runtime.launch.is_zero() && runtime.boot.is_zero() && !runtime.one_by_one;
    let alike = runtime.stretch_permille == 1000 && system.locks() == 1;
    if group.passes != Some(1)
        || !present
        || !starts
        || !alike
        || !system.is_free()
        || !system.whole
    {
        return None;
    }
    let (think, hold) = (think.ns() as f64, hold.ns() as f64);
    let source = FiniteSource { threads: group.threads, think, hold };
    let elapsed = f64::from(group.threads) / scaling::synchronous(&source)?.throughput;
    if elapsed > system.duration.ns() as f64 {
        return None;
    }
    let ops = Demand::of(&group.program, 1.0)?.ops;
    let value = match metric {
        "elapsed_ns" => elapsed,
        "ops_per_s" => 1e9 * ops * f64::from(group.threads) / elapsed,
        _ => return None,
    };
    Some(Theory::Exact { value, model: "Amdahl's law".to_owned() })
}
