//! Whether a call that takes long is to end, asked now and then from within it.

use crate::error::{Error, Kind, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// How long a call goes on between two questions (ms).
const INTERVAL: u64 = 20;

/// Of how many items one looks at the clock.
const STRIDE: usize = 64;

/// Answers whether the present call is to end. Any thread may ask.
pub type Ask = Box<dyn Fn() -> bool + Send + Sync>;

/// What the threads of one call ask. A call that can end early begins with [`Watch::start`]; from
/// [`Watch::commit`] on it goes through.
pub(super) struct Watch {
    pub ask: Ask,
    epoch: Instant,
    /// When to ask next, in milliseconds since `epoch`.
    next: AtomicU64,
    stopped: AtomicBool,
}

/// When to ask next while no call can end early.
const NEVER: u64 = u64::MAX;

impl Default for Watch {
    fn default() -> Self {
        Watch {
            ask: Box::new(|| false),
            epoch: Instant::now(),
            next: AtomicU64::new(NEVER),
            stopped: AtomicBool::new(false),
        }
    }
}

impl Watch {
    fn now(&self) -> u64 {
        self.epoch.elapsed().as_millis() as u64
    }

    /// Begins a call that can end early.
    pub fn start(&self) {
        self.next.store(self.now() + INTERVAL, Ordering::Relaxed);
        self.stopped.store(false, Ordering::Relaxed);
    }

    /// Says that the present call goes through from here on.
    pub fn commit(&self) {
        self.next.store(NEVER, Ordering::Relaxed);
        self.stopped.store(false, Ordering::Relaxed);
    }

    /// To be called for each item, the `at`-th, that takes part of the time of the call.
    ///
    /// # Errors
    /// When the call is to end.
    #[inline]
    pub fn pass(&self, at: usize) -> Result<()> {
        if at.is_multiple_of(STRIDE) {
            self.look()
        } else {
            Ok(())
        }
    }

    /// To be called now and then.
    ///
    /// # Errors
    /// When the call is to end.
    pub fn look(&self) -> Result<()> {
        let order = Ordering::Relaxed;
        let due = self.next.load(order);
        if due == NEVER {
            return Ok(());
        }
        let now = self.now();
        let first = |next| self.next.compare_exchange(due, next, order, order).is_ok();
        if now >= due && first(now + INTERVAL) && (self.ask)() {
            self.stopped.store(true, order);
        }
        if self.stopped.load(order) {
            return Err(Error::new(
                Kind::Interrupted,
                "interrupted; nothing has been changed",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Lets the time until the next question pass.
    fn wait(watch: &mut Watch) {
        watch.epoch -= Duration::from_millis(2 * INTERVAL);
    }

    #[test]
    fn all_items_end_once_one_has_asked() {
        let mut watch = Watch {
            ask: Box::new(|| true),
            ..Watch::default()
        };
        watch.start();
        assert!(watch.pass(0).is_ok(), "too early to ask");
        wait(&mut watch);
        assert!(watch.pass(1).is_ok(), "not every item looks");
        assert_eq!(watch.pass(STRIDE).unwrap_err().kind, Kind::Interrupted);
        assert!(watch.pass(2 * STRIDE).is_err(), "others hear of it");
        watch.start();
        assert!(watch.pass(0).is_ok(), "another call");
    }

    #[test]
    fn a_call_that_is_past_its_last_point_of_return_goes_through() {
        let mut watch = Watch {
            ask: Box::new(|| true),
            ..Watch::default()
        };
        wait(&mut watch);
        assert!(watch.look().is_ok(), "before any call");
        watch.start();
        wait(&mut watch);
        watch.commit();
        assert!(watch.look().is_ok());
    }

    #[test]
    fn a_call_goes_on_while_the_answer_is_no() {
        let mut watch = Watch::default();
        watch.start();
        wait(&mut watch);
        assert!((0..1000).all(|at| watch.pass(at).is_ok()));
    }
}
