//! How much memory a workload takes.

use super::spec::{ArchitectureSpec, StartMethod};
use crate::workload::Workload;

/// What an architecture takes in memory \[bytes\].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    /// The first process.
    process: u64,
    /// What starts others.
    server: u64,
    /// Each process or interpreter beside the first.
    worker: u64,
    /// Each thread.
    thread: u64,
    /// Each object, beside its own size.
    object: u64,
}

impl ArchitectureSpec {
    /// How much memory a workload takes \[bytes\]: interpreters, threads, and as many copies of each object as there
    /// are processes or interpreters.
    #[must_use]
    pub fn memory(&self, workload: &Workload) -> u64 {
        let threads = workload.threads() as u64;
        let copies = u64::from(self.runtime(workload).interpreters.count());
        let memory = self.memory_spec();
        let object = |bytes: u64| bytes + memory.object;
        let data: u64 = workload
            .populations
            .iter()
            .map(|population| u64::from(population.count) * object(population.bytes))
            .sum();
        // Who hands out the work has an interpreter, too.
        let workers = match self {
            Self::Processes(_) | Self::Interpreters(_) => copies,
            _ => 0,
        };
        let threads = if matches!(self, Self::Sequential(_)) { 1 } else { threads };
        memory.process
            + memory.server
            + memory.worker * workers
            + memory.thread * threads
            + data * copies
    }

    /// What takes memory. CPython 3.13.0 on Linux, proportional set sizes, measured: 7.3 MiB for an idle interpreter,
    /// 12 with `multiprocessing`, 28 KiB for a thread 200 calls deep; a child that has collected garbage, and so written to
    /// the pages that it shared. An object has a header of 16 bytes, and of 32 with a `PyMutex` and biased counts
    /// (PEP 703). The Gilectomy's containers have a recursive lock of 40 bytes beside the 16, and so much takes a mutex of
    /// glibc on x86-64.
    const fn memory_spec(&self) -> Memory {
        const KIB: u64 = 1 << 10;
        const HEADER: u64 = 16;
        const BIASED_HEADER: u64 = 32;
        const MUTEX: u64 = 40;
        let base =
            Memory { process: 7_480 * KIB, server: 0, worker: 0, thread: 28 * KIB, object: HEADER };
        match self {
            Self::Sequential(_) | Self::Threads(_) => base,
            Self::Processes(given) => {
                let (server, worker) = match given.method {
                    StartMethod::Fork => (0, 3_850 * KIB),
                    StartMethod::Forkserver => (8_850 * KIB, 4_630 * KIB),
                    StartMethod::Spawn => (0, 6_480 * KIB),
                };
                Memory { process: 12_380 * KIB, server, worker, ..base }
            }
            Self::Interpreters(given) => {
                let object = if given.global_lock { HEADER } else { BIASED_HEADER };
                Memory { worker: 2_310 * KIB, object, ..base }
            }
            Self::FreeThreaded(_) => Memory { object: BIASED_HEADER, ..base },
            Self::Gilectomy(_) | Self::ObjectLocks(_) => Memory { object: HEADER + MUTEX, ..base },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_takes_its_size_a_header_and_a_lock() {
        let groups =
            toml::from_str("[t]\nprogram = [{ read = { object = 'cache' } }, { compute = '1us' }]")
                .unwrap();
        let bytes = |architecture: &str, count: u64| {
            let objects = format!("cache = {{ count = {count}, bytes = 100 }}");
            let objects = toml::from_str(&objects).unwrap();
            let workload = Workload::compile(&groups, &objects, std::path::Path::new("")).unwrap();
            toml::from_str::<ArchitectureSpec>(architecture).unwrap().memory(&workload)
        };
        for (architecture, each) in [
            ("threads = {}", 116),
            ("interpreters = { workers = 1 }", 116),
            ("interpreters = { workers = 1, global_lock = false }", 132),
            ("free_threaded = {}", 132),
            ("gilectomy = {}", 156),
            ("object_locks = {}", 156),
        ] {
            let found = bytes(architecture, 1001) - bytes(architecture, 1);
            assert_eq!(found, 1000 * each, "{architecture}");
        }
    }
}
