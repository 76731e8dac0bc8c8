//! A pool of threads that takes one short task after another.
//!
//! A slice of a simulation often lasts only some microseconds, so a thread that has finished spins
//! for a moment, then offers its processor to others for a while, and only then sleeps. A task is
//! announced by raising `epoch`, without a call of the system unless a thread sleeps; each helper
//! thread runs it on its own worker and counts itself in `done`. [`Pool::run`] returns only when
//! all have, which is what lets the task borrow from its caller.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Rounds of spinning before a thread offers its processor to others; about five microseconds.
/// Where there are more threads than processors, the one that is waited for may need this one.
const SPINS: u32 = 200;

/// Offers before a thread sleeps; some tenths of a millisecond where nobody takes them.
const OFFERS: u32 = 1000;

/// A task that threads can find through a shared pointer.
#[derive(Clone, Copy)]
struct Task {
    data: *const (),
    call: fn(*const (), usize),
}

/// What no thread writes while another one waits for its neighbour in memory.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// What a waiting thread looks at, together in memory, so that one look fetches all of it.
#[derive(Default)]
struct Announced {
    epoch: AtomicUsize,
    stop: AtomicBool,
    task: UnsafeCell<Option<Task>>,
}

#[derive(Default)]
struct Shared {
    announced: Apart<Announced>,
    /// Tasks that threads have finished since the pool began.
    done: Apart<AtomicUsize>,
    panicked: AtomicBool,
    /// Threads that sleep, or are about to look whether they may.
    sleeping: AtomicUsize,
    gate: Mutex<()>,
    sleepers: Condvar,
}

// SAFETY: `task` is written by `Pool::broadcast` alone, which holds the pool exclusively, while no
// thread reads it: before `epoch` is raised, after all threads were counted in `done`. A `Task` is
// made from a `Sync` closure, and used before that call returns, while the closure is alive. All
// else is atomic or locked.
unsafe impl Sync for Shared {}
// SAFETY: as above; a thread that gets the last reference does not touch the task.
unsafe impl Send for Shared {}

impl Shared {
    /// Wakes the threads that sleep, after something that they wait for has changed.
    fn wake(&self) {
        // with the order in `rest`, either this sees the sleeper or the sleeper sees the change
        if self.sleeping.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.gate));
            self.sleepers.notify_all();
        }
    }

    /// Whether there is no other task than the one of the epoch `seen` yet, and one may come.
    fn is_quiet(&self, seen: usize) -> bool {
        let announced = &self.announced.0;
        announced.epoch.load(Ordering::SeqCst) == seen && !announced.stop.load(Ordering::SeqCst)
    }

    /// Sleeps until there is another task than the one of the epoch `seen`, or none to come.
    fn rest(&self, seen: usize) {
        let mut guard = lock(&self.gate);
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        while self.is_quiet(seen) {
            guard = self
                .sleepers
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Threads that wait for tasks.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// What `done` is when all threads have finished.
    all_done: usize,
}

impl Pool {
    /// A pool for `workers` workers; the calling thread serves the first.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn new(workers: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let threads = Vec::with_capacity(workers.saturating_sub(1));
        let mut pool = Pool {
            shared,
            threads,
            all_done: 0,
        };
        for index in 1..workers {
            let shared = Arc::clone(&pool.shared);
            let thread = std::thread::Builder::new().spawn(move || serve(&shared, index))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Calls `f` for each worker, in parallel, and waits for all.
    ///
    /// # Panics
    /// When there are more workers than the pool has threads, or when `f` panics.
    pub fn run<T: Send>(&mut self, workers: &mut [T], f: impl Fn(usize, &mut T) + Sync) {
        assert!(
            workers.len() <= self.threads.len() + 1,
            "a pool has a thread for each worker"
        );
        if self.threads.is_empty() {
            workers.iter_mut().enumerate().for_each(|(i, w)| f(i, w));
            return;
        }
        let items = Items {
            first: workers.as_mut_ptr(),
            len: workers.len(),
        };
        let job = |index: usize| {
            let items = &items;
            if index < items.len {
                // SAFETY: each index is used by one thread, so the borrows do not overlap; the
                // slice outlives this call, which waits for all threads.
                f(index, unsafe { &mut *items.first.add(index) });
            }
        };
        self.broadcast(&job);
    }

    fn broadcast<F: Fn(usize) + Sync>(&mut self, job: &F) {
        let shared = &*self.shared;
        self.all_done = self.all_done.wrapping_add(self.threads.len());
        // SAFETY: no thread reads the task now, see `Shared`.
        unsafe {
            *shared.announced.0.task.get() = Some(Task {
                data: std::ptr::from_ref(job).cast(),
                call: call::<F>,
            });
        }
        shared.announced.0.epoch.fetch_add(1, Ordering::SeqCst);
        shared.wake();
        let own = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(0)));
        let mut spins = 0u32;
        while shared.done.0.load(Ordering::Acquire) != self.all_done {
            spins = pause(spins);
        }
        let elsewhere = shared.panicked.swap(false, Ordering::Relaxed);
        if let Err(panic) = own {
            std::panic::resume_unwind(panic);
        }
        assert!(!elsewhere, "a worker thread panicked");
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.announced.0.stop.store(true, Ordering::SeqCst);
        self.shared.wake();
        for thread in self.threads.drain(..) {
            // a thread that panicked has already reported it
            let _ = thread.join();
        }
    }
}

/// The elements that threads share out among them.
struct Items<T> {
    first: *mut T,
    len: usize,
}

// SAFETY: threads reach disjoint elements only, and `T: Send` where it is made.
unsafe impl<T: Send> Sync for Items<T> {}

fn call<F: Fn(usize) + Sync>(data: *const (), index: usize) {
    // SAFETY: `data` was made from an `&F` that lives until `Pool::broadcast` returns.
    let f = unsafe { &*data.cast::<F>() };
    f(index);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a moment, the longer the more often, and counts.
fn pause(rounds: u32) -> u32 {
    if rounds < SPINS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
    rounds.saturating_add(1)
}

fn serve(shared: &Shared, index: usize) {
    let announced = &shared.announced.0;
    let mut seen = 0;
    loop {
        let mut spins = 0;
        while announced.epoch.load(Ordering::Acquire) == seen {
            if announced.stop.load(Ordering::Acquire) {
                return;
            }
            spins = pause(spins);
            if spins >= SPINS + OFFERS {
                shared.rest(seen);
            }
        }
        seen = seen.wrapping_add(1);
        // SAFETY: the epoch was raised after the task was written, and it is not written again
        // before this thread is counted in `done`.
        let task = unsafe { *announced.task.get() };
        if let Some(task) = task {
            let run = std::panic::AssertUnwindSafe(|| (task.call)(task.data, index));
            if std::panic::catch_unwind(run).is_err() {
                shared.panicked.store(true, Ordering::Relaxed);
            }
        }
        shared.done.0.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_runs_every_task_once() {
        for n in [1, 2, 5] {
            let mut pool = Pool::new(n).unwrap();
            let mut counts = vec![0usize; n];
            let rounds = if cfg!(miri) { 5 } else { 1000 };
            for k in 0..rounds {
                pool.run(&mut counts, |i, c| *c += i + k);
            }
            let sum: usize = (0..rounds).sum();
            assert_eq!(counts, (0..n).map(|i| sum + i * rounds).collect::<Vec<_>>());
        }
    }

    #[test]
    fn threads_that_sleep_are_woken() {
        let mut pool = Pool::new(3).unwrap();
        let mut counts = [0usize; 3];
        for round in 0..20 {
            pool.run(&mut counts, |_, c| *c += 1);
            if round % 2 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        assert_eq!(counts, [20; 3]);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let mut pool = Pool::new(3).unwrap();
        let mut items = [0, 1, 2];
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.run(&mut items, |i, _| assert!(i != 2, "expected by the test"));
        }));
        assert!(panic.is_err());
        let all = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pool.run(&mut items, |_, _| panic!("expected by the test"));
        }));
        assert!(all.is_err());
        pool.run(&mut items, |_, x| *x += 1);
        assert_eq!(items, [1, 2, 3]);
    }
}
