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

/// What the threads of one call ask.
pub(super) struct Watch {
    pub ask: Ask,
    begin: Instant,
    /// When to ask next, in milliseconds since `begin`.
    next: AtomicU64,
    stopped: AtomicBool,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            ask: Box::new(|| false),
            begin: Instant::now(),
            next: AtomicU64::new(INTERVAL),
            stopped: AtomicBool::new(false),
        }
    }
}

impl Watch {
    /// Begins a call.
    pub fn start(&mut self, now: Instant) {
        self.begin = now;
        *self.next.get_mut() = INTERVAL;
        *self.stopped.get_mut() = false;
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
        let now = self.begin.elapsed().as_millis() as u64;
        let due = self.next.load(Ordering::Relaxed);
        let order = Ordering::Relaxed;
        let first = |next| self.next.compare_exchange(due, next, order, order).is_ok();
        if now >= due && first(now + INTERVAL) && (self.ask)() {
            self.stopped.store(true, order);
        }
        if self.stopped.load(order) {
            return Err(Error::new(
                Kind::Interrupted,
                "interrupted; no connection has been made",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn all_items_end_once_one_has_asked() {
        let mut watch = Watch {
            ask: Box::new(|| true),
            ..Watch::default()
        };
        let now = Instant::now();
        watch.start(now);
        assert!(watch.pass(0).is_ok(), "too early to ask");
        watch.start(now - Duration::from_millis(2 * INTERVAL));
        assert!(watch.pass(1).is_ok(), "not every item looks");
        assert_eq!(watch.pass(STRIDE).unwrap_err().kind, Kind::Interrupted);
        assert!(watch.pass(2 * STRIDE).is_err(), "others hear of it");
        watch.start(Instant::now());
        assert!(watch.pass(0).is_ok(), "another call");
    }

    #[test]
    fn a_call_goes_on_while_the_answer_is_no() {
        let mut watch = Watch::default();
        watch.start(Instant::now() - Duration::from_secs(1));
        assert!((0..1000).all(|at| watch.pass(at).is_ok()));
    }
}
