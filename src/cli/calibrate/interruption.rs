//! Ctrl-C: the search ends, and the best so far is written. Who interrupts twice does not want to wait.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::cli::tell;

/// Whether there was one, and what is written by then.
#[derive(Debug)]
pub(super) struct Interruption {
    file: PathBuf,
    asked: AtomicBool,
    /// Whether the file is there; held while it is written and while somebody is answered, so that nobody leaves
    /// half-way, and what is said is true.
    written: Mutex<bool>,
}

/// What is said to who interrupts.
#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Stay(String),
    Leave(String),
}

impl Interruption {
    /// Not yet.
    pub(super) fn new(file: &Path) -> Self {
        let (asked, written) = (AtomicBool::new(false), Mutex::new(false));
        Self { file: file.to_owned(), asked, written }
    }

    /// Answers each from now on.
    pub(super) fn listen(self: &Arc<Self>, bar: &ProgressBar) {
        let (this, bar) = (self.clone(), bar.clone());
        let handler = move || {
            let written = this.written.lock().unwrap_or_else(PoisonError::into_inner);
            match this.reply(*written) {
                Reply::Stay(text) => bar.suspend(|| tell(&text)),
                Reply::Leave(text) => {
                    bar.finish_and_clear();
                    tell(&text);
                    std::process::exit(130);
                }
            }
        };
        // Without the handler, an interruption ends the program.
        let _ = ctrlc::set_handler(handler);
    }

    /// Whether there was one.
    pub(super) const fn asked(&self) -> &AtomicBool {
        &self.asked
    }

    fn reply(&self, written: bool) -> Reply {
        let again = self.asked.swap(true, Ordering::Relaxed);
        let file = self.file.display();
        match (written, again) {
            (true, _) => {
                Reply::Leave(format!("interrupted: {file} is written, without its scores"))
            }
            (false, true) => Reply::Leave("interrupted again: nothing is written".to_owned()),
            (false, false) => Reply::Stay(format!(
                "interrupted: the search ends, and its best constants are about to be written to {file}; \
                 to leave at once without them, interrupt again"
            )),
        }
    }

    /// Writes the file.
    pub(super) fn write<E>(&self, write: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        write()?;
        *written = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_called_written_before_it_is() {
        let never = Interruption::new(Path::new("a.toml"));
        let Reply::Stay(first) = never.reply(false) else { panic!("the best so far is wanted") };
        assert!(first.contains("about to be written to a.toml"), "{first}");
        let second = "interrupted again: nothing is written".to_owned();
        assert_eq!(never.reply(false), Reply::Leave(second));

        let later = Interruption::new(Path::new("a.toml"));
        later.write(|| Err(())).unwrap_err();
        assert!(!*later.written.lock().unwrap());
        later.write(|| Ok::<_, ()>(())).unwrap();
        let written = *later.written.lock().unwrap();
        let Reply::Leave(text) = later.reply(written) else {
            panic!("there is nothing to wait for")
        };
        assert!(text.starts_with("interrupted: a.toml is written"), "{text}");
    }
}
