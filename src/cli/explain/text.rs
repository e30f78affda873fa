//! An explanation for people.

use std::fmt::Write as _;

use crate::explain::words::{factor, memory, percent, time};
use crate::explain::{Alternative, Basis, Breakdown, Effect, Explanation, Numbers, Ratio};

/// The explanation, in lines of at most so many letters.
pub fn render(title: &str, of: &Explanation, width: usize) -> String {
    let mut text = String::new();
    let cores = if of.cores == 1 { "1 core".to_owned() } else { format!("{} cores", of.cores) };
    let runs =
        if of.replications == 1 { "1 run".to_owned() } else { format!("{} runs", of.replications) };
    paragraph(&mut text, &format!("{title} on {cores}, {runs} each"), 0, width);

    let _ = writeln!(text, "\nWhere the time of threads goes\n{}", breakdown(of, width));

    let _ = writeln!(text, "\nWhat stands in the way");
    if of.effects.is_empty() {
        paragraph(&mut text, &nothing(of), 2, width);
    }
    for effect in &of.effects {
        paragraph(&mut text, &heading(effect), 2, width);
        paragraph(&mut text, &format!("{} {}", effect.evidence, effect.reason), 4, width);
    }

    let _ = writeln!(text, "\nWhat would help\n{}", ranking(of, width));
    paragraph(&mut text, &legend(of), 1, width);
    text.push('\n');
    paragraph(&mut text, &of.advice, 0, width);
    text
}

/// What the ranking needs.
const NARROWEST: usize = 80;

/// Lines of a text, indented.
fn paragraph(text: &mut String, words: &str, indent: usize, width: usize) {
    let mut table = comfy_table::Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width((width - indent) as u16)
        .add_row([words]);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 0));
    }
    for line in table.lines() {
        let _ = writeln!(text, "{:indent$}{}", "", line.trim_end());
    }
}

fn grid(header: &[&str], width: usize) -> comfy_table::Table {
    let mut grid = crate::cli::grid(header);
    grid.set_width(width as u16);
    grid
}

fn breakdown(of: &Explanation, width: usize) -> String {
    let mut header = vec!["group", "computing", "lock", "objects", "core", "blocked", "overhead"];
    let polls = of.groups.iter().any(|row| row.polling > 0.0);
    if polls {
        header.insert(2, "polling");
    }
    let mut grid = grid(&header, width);
    for row in &of.groups {
        let name = match row.threads {
            1 => row.group.clone(),
            threads => format!("{} (x {threads})", row.group),
        };
        let waits = [row.lock_wait, row.object_wait, row.core_wait, row.blocked, row.overhead];
        let shares = [row.computing].into_iter().chain(polls.then_some(row.polling)).chain(waits);
        grid.add_row(std::iter::once(name).chain(shares.map(percent)));
    }
    grid.trim_fmt()
}

fn heading(effect: &Effect) -> String {
    match &effect.under {
        Some(under) => format!("- {} (not as it is, but under {under})", effect.name),
        None => format!("- {}", effect.name),
    }
}

/// What threads do if nothing keeps them from it.
fn nothing(of: &Explanation) -> String {
    let own = |row: &Breakdown| {
        let (computing, blocked) = (percent(row.computing), percent(row.blocked));
        let what = if row.blocked < 0.005 {
            format!("computing for {computing}")
        } else {
            format!("computing for {computing} and blocked for {blocked}")
        };
        format!("{} is {what} of its time", row.group)
    };
    let groups: Vec<_> = of.groups.iter().map(own).collect();
    format!("Nothing stands in the way: {}.", groups.join("; "))
}

fn ranking(of: &Explanation, width: usize) -> String {
    let several = of.groups.len() > 1 && of.basis != Basis::Elapsed;
    let mut header = vec!["", "speed-up", "95 % interval", "mean", "p99", "memory"];
    if several {
        header.insert(3, "others");
    }
    // Rather wider than the terminal than a letter a line.
    let mut grid = grid(&header, width.max(NARROWEST));
    let mut add = |name: &str, speed: [String; 2], others: Option<f64>, numbers: &Numbers| {
        let latency = |ns: Option<f64>| ns.map_or("-".to_owned(), time);
        let mut row = vec![name.to_owned()];
        row.extend(speed);
        if several {
            row.push(others.map_or("-".to_owned(), factor));
        }
        row.push(latency(numbers.latency_mean_ns));
        row.push(latency(numbers.latency_p99_ns));
        row.push(memory(numbers.memory));
        grid.add_row(row);
    };
    add("as it is", ["1".to_owned(), String::new()], Some(1.0), &of.baseline);
    for alternative in of.alternatives.iter().filter(|alternative| shown(alternative)) {
        let copies = if alternative.parts { " +" } else { "" };
        let unreleased = if alternative.released { "" } else { " *" };
        let name = format!("{}{copies}{unreleased}", alternative.name);
        add(&name, speed(alternative), alternative.others, &alternative.numbers);
    }
    grid.trim_fmt()
}

/// Threads are what is: they are listed if what starting, counting and collecting costs is seen.
fn shown(of: &Alternative) -> bool {
    let seen = |ratio: Ratio| ratio.shown() && (ratio.mean - 1.0).abs() >= 0.005;
    let wrong = of.deadlocks > 0 || of.lost_updates > 0;
    of.name != "threads" || wrong || of.speed_up.is_some_and(seen)
}

/// The speed-up, and how sure it is.
fn speed(of: &Alternative) -> [String; 2] {
    let mean = of.speed_up.map_or("-".to_owned(), |ratio| factor(ratio.mean));
    let remark = if of.deadlocks > 0 {
        "deadlocks".to_owned()
    } else if of.lost_updates > 0 {
        "loses updates".to_owned()
    } else if of.cut_off > 0 {
        "not done in time".to_owned()
    } else {
        of.speed_up.as_ref().map_or("-".to_owned(), interval)
    };
    [mean, remark]
}

fn interval(ratio: &Ratio) -> String {
    match (ratio.low, ratio.high) {
        (Some(low), Some(high)) if ratio.shown() => format!("{} to {}", factor(low), factor(high)),
        (Some(_), Some(_)) => "no difference shown".to_owned(),
        _ => "one run".to_owned(),
    }
}

fn legend(of: &Explanation) -> String {
    let focus = &of.focus;
    let mut text = match of.basis {
        Basis::Elapsed => {
            format!("speed-up: time until all is done, now {}", time(of.baseline.elapsed_s * 1e9))
        }
        Basis::Operations => {
            format!(
                "speed-up: operations of {focus}, now {} a second",
                count(of.baseline.ops_per_s)
            )
        }
        Basis::Latency => {
            format!("speed-up: how many times as soon an operation of {focus} is done")
        }
    };
    let _ = write!(text, "; mean and p99: latency of {focus}");
    if of.groups.len() > 1 && of.basis != Basis::Elapsed {
        text.push_str("; others: operations of other groups, times as many as now");
    }
    if of.alternatives.iter().any(|alternative| alternative.name == "threads" && shown(alternative))
    {
        text.push_str(
            "; threads: with starting, counting and collecting, which \"as it is\" leaves out",
        );
    }
    if of.alternatives.iter().any(|alternative| alternative.parts) {
        text.push_str(
            "; +: each worker has its own copy of every object, so that what one changes no other sees",
        );
    }
    if of.alternatives.iter().any(|alternative| !alternative.released) {
        text.push_str("; *: in no release of CPython");
    }
    text
}

fn count(number: f64) -> String {
    if number < 9.95 { format!("{number:.1}") } else { format!("{number:.0}") }
}
