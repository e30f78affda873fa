//! What architectures cost if an experiment does not say: docs/architectures.md has the origins.

use gilsim_policies::barging::Barging;
use gilsim_policies::py_mutex::PyMutexParameters;
use gilsim_policies::{PolicySpec, Span};

use super::runtime::Protection;
use super::spec::{
    CollectorSpec, FreeThreaded, Gilectomy, ObjectLocks, Processes, StartEach, StartMethod,
    SubInterpreters, Threads,
};

/// `threading.Thread.start` returns after so long: CPython 3.13.0, measured. PEP 703 says about 100 us.
const THREAD_START: Span = Span::from_us(44);

/// An iteration of a counting loop, CPython 3.13.0, measured.
pub(super) const CHECK_SPACING: Span = Span::from_ns(25);

const PLAIN_MUTEX: PolicySpec = PolicySpec::Barging(Barging {});

impl Default for CollectorSpec {
    fn default() -> Self {
        Self { threshold: 2000, pause: Span::from_us(24) }
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self { start: THREAD_START, collector: CollectorSpec::default(), counts: Protection::None }
    }
}

impl Default for Processes {
    fn default() -> Self {
        Self {
            method: StartMethod::default(),
            start_each: StartEach::default(),
            workers: None,
            launch: None,
            boot: None,
            message_each: Span::from_us(61),
            message_per_mib: Span::from_us(650),
            collector: CollectorSpec::default(),
        }
    }
}

impl Default for SubInterpreters {
    fn default() -> Self {
        Self {
            workers: None,
            launch: THREAD_START,
            boot: Span::from_us(7_300),
            message_each: Span::from_ns(1_400),
            message_per_mib: Span::from_us(240),
            global_lock: true,
            slowdown: None,
            collector: CollectorSpec::default(),
            check_spacing: CHECK_SPACING,
        }
    }
}

impl Default for FreeThreaded {
    fn default() -> Self {
        Self {
            slowdown: 1.08,
            start: THREAD_START,
            lock: PolicySpec::PyMutex(PyMutexParameters::default()),
            lock_reads: false,
            counts: Protection::Biased,
            collector: CollectorSpec::default(),
            check_spacing: CHECK_SPACING,
        }
    }
}

impl Default for Gilectomy {
    fn default() -> Self {
        Self {
            slowdown: 1.3,
            start: THREAD_START,
            lock: PLAIN_MUTEX,
            counts: Protection::Atomic,
            collector: CollectorSpec::default(),
            check_spacing: CHECK_SPACING,
        }
    }
}

impl Default for ObjectLocks {
    fn default() -> Self {
        Self {
            start: THREAD_START,
            lock: PLAIN_MUTEX,
            counts: Protection::Lock,
            collector: CollectorSpec::default(),
            check_spacing: CHECK_SPACING,
        }
    }
}
