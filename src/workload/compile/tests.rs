//! What groups become, and what is refused.

use gilsim_policies::Span;

use super::*;

fn compile(text: &str) -> Result<Workload, SpecError> {
    Workload::compile(&toml::from_str(text).unwrap(), &IndexMap::new(), Path::new(""))
}

fn ms(ms: u64) -> Law {
    Law::Constant(Span::from_ms(ms))
}

#[test]
fn a_pass_is_an_operation_unless_marked() {
    let plain = compile("a.program = [{ compute = '1ms' }]").unwrap();
    let steps = &plain.groups[0].program.steps;
    assert_eq!(steps, &[Step::OpStart, Step::Compute(ms(1)), Step::OpEnd]);
    let marked = compile("a.program = [{ compute = '1ms' }, { op = [{ block = '2ms' }] }]");
    let steps = &marked.unwrap().groups[0].program.steps;
    let expected = [Step::Compute(ms(1)), Step::OpStart, Step::Block(ms(2)), Step::OpEnd];
    assert_eq!(steps, &expected);
}

#[test]
fn repeats_and_choices_become_jumps() {
    let text = "a.program = [
        { repeat = { times = 3, steps = ['yield'] } },
        { choice = [{ weight = 1, steps = [{ compute = '1ms' }] }, { weight = 3, steps = [] }] },
    ]";
    assert_eq!(
        compile(text).unwrap().groups[0].program.steps,
        [
            Step::OpStart,
            Step::Repeat { times: 3 },
            Step::Yield,
            Step::RepeatEnd { start: 1 },
            Step::Choose { branches: vec![(0.25, 5), (1.0, 7)] },
            Step::Compute(ms(1)),
            Step::Jump(8),
            Step::Jump(8),
            Step::OpEnd,
        ]
    );
}

#[test]
fn polls_follow_the_pass() {
    let text = "
        [a]
        arrivals = { gap = '1ms' }
        polls.steps = [{ repeat = { times = 2, steps = [{ compute = '1ms' }] } }]
        program = ['yield', { choice = [{ weight = 1, steps = [] }] }]
    ";
    let program = compile(text).unwrap().groups.remove(0).program;
    let expected = |first: usize, before: Option<Step>, after: Option<Step>| {
        let at = first + usize::from(before.is_some());
        let mut steps = vec![Step::OpStart];
        steps.extend(before);
        steps.extend([
            Step::Yield,
            Step::Choose { branches: vec![(1.0, at + 2)] },
            Step::Jump(at + 3),
        ]);
        let polls = at + 5 + usize::from(after.is_some());
        steps.extend(after);
        steps.extend([
            Step::OpEnd,
            Step::PassEnd,
            Step::Repeat { times: 2 },
            Step::Compute(ms(1)),
            Step::RepeatEnd { start: polls },
            Step::Look,
        ]);
        steps
    };
    assert_eq!(program.steps, expected(1, None, None));
    let (before, after) = (Span::from_us(3), Span::from_us(4));
    let prepare = |span| Some(Step::Prepare(span));
    let prepared = program.prepared(before, after).steps;
    assert_eq!(prepared, expected(1, prepare(before), prepare(after)));
}

#[test]
fn groups_keep_their_order_and_settings() {
    let text = "
        z = { threads = 2, program = [{ compute = '1ms' }], start = '1ms', stop = '2ms' }
        a = { iterations = 5, program = ['yield'], arrivals = { poisson = { mean_gap = '1ms' } } }
    ";
    let workload = compile(text).unwrap();
    assert_eq!(workload.threads(), 3);
    let [z, a] = &workload.groups[..] else { panic!("{workload:?}") };
    assert_eq!((z.name.as_str(), z.start.ns(), a.passes), ("z", 1_000_000, Some(5)));
    assert_eq!(z.stop, Some(Instant::from_ns(2_000_000)));
    assert_eq!(a.arrivals, Arrivals::Open { gap: Law::Exponential { mean_ns: 1e6 }, polls: None });
}

#[test]
fn nonsense_is_named() {
    for (text, message) in [
        ("", "`groups` must have at least one group, as in `[groups.io]`"),
        ("a.program = []", "`groups.a.program` must have at least one step"),
        (
            "a = { threads = 0, program = [{ compute = '1ms' }] }",
            "`groups.a.threads` must be at least 1, in this group or in another",
        ),
        ("a = { iterations = 0, program = ['yield'] }", "`groups.a.iterations` must be at least 1"),
        (
            "a.program = ['yield', { choice = [{ weight = 1, steps = [{ block = '0ms' }] }] }]",
            "`groups.a.program` takes no time, or hardly ever, so its thread would not get on",
        ),
        (
            "a.program = ['yield', { choice = [{ weight = 1, steps = [{ block = '1ms' }] }, { weight = 1e12, steps = [] }] }]",
            "`groups.a.program` takes no time, or hardly ever, so its thread would not get on",
        ),
        (
            "a.program = [{ repeat = { times = 0, steps = ['yield'] } }]",
            "`groups.a.program.0.repeat.times` must be at least 1",
        ),
        (
            "a.program = [{ repeat = { times = 1, steps = [] } }]",
            "`groups.a.program.0.repeat.steps` must have at least one step",
        ),
        ("a.program = [{ choice = [] }]", "`groups.a.program.0.choice` must not be empty"),
        (
            "a.program = [{ choice = [{ weight = 0, steps = [] }] }]",
            "`groups.a.program.0.choice.0.weight` must be a number above 0",
        ),
        (
            "a.program = ['yield', { op = [{ repeat = { times = 1, steps = [{ op = [] }] } }] }]",
            "`groups.a.program.1.op.0.repeat.steps.0.op` must not lie inside another operation",
        ),
        (
            "a = { program = [{ compute = '1ms' }], start = '2s', stop = '2s' }",
            "`groups.a.stop` must be later than `start`",
        ),
        (
            "a = { program = [{ compute = '1ms' }], start = '80h' }",
            "`groups.a.start` must not exceed 72h, the longest run",
        ),
        (
            "a.program = [{ compute = { exponential = { mean = '80h' } } }]",
            "`groups.a.program.0.compute.exponential.mean` must not exceed 72h, the longest run",
        ),
        (
            "a = { program = ['yield'], arrivals = { gap = '0ms' } }",
            "`groups.a.arrivals.gap` must be longer than 0ns",
        ),
        (
            "a = { program = ['yield'], arrivals = { poisson = { mean_gap = '0ms' } } }",
            "`groups.a.arrivals.poisson.mean_gap` must be longer than 0ns",
        ),
        (
            "a = { program = ['yield'], polls = { steps = [{ compute = '1us' }] } }",
            "`groups.a.polls` looks for requests, of which there are none without `arrivals`: write \
             `arrivals = { poisson = { mean_gap = \"10ms\" } }` or `arrivals = { gap = \"10ms\" }`",
        ),
        (
            "a = { program = ['yield'], arrivals = { gap = '1ms' }, polls = { steps = ['yield'] } }",
            "`groups.a.polls.steps` must take some time, or its thread would not get on",
        ),
        (
            "a = { program = ['yield'], arrivals = { gap = '1ms' }, polls = { steps = [{ op = ['yield'] }] } }",
            "`groups.a.polls.steps` must have no operation: no request is served there",
        ),
        (
            "a = { threads = 30000, program = [{ compute = '1ms' }] }
             b = { threads = 30001, program = [{ compute = '1ms' }] }",
            "`groups.b.threads` takes the run above 60000 threads",
        ),
    ] {
        assert_eq!(compile(text).unwrap_err().to_string(), message);
    }
}
