//! The newest spikes of all neurons, column by column.

use super::history::RECENT;

/// The times of neurons' newest spikes: that of neuron `i` is at `i * target` of the list, and each
/// older one `older` places further.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpikeTimes<'a> {
    pub list: &'a [f64],
    pub target: usize,
    pub older: usize,
}

/// The times of the newest spike of each neuron, of the one before it, and so on; -inf where there
/// is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent {
    neurons: usize,
    /// From the start of a column to that of the next.
    stride: usize,
    times: Vec<f64>,
}

impl Recent {
    /// Makes room for this many neurons, or more if there are more.
    pub fn grow(&mut self, neurons: usize) {
        if neurons > self.stride {
            let stride = neurons + neurons / 4;
            let mut times = vec![f64::NEG_INFINITY; stride * RECENT];
            for nth in 0..RECENT * usize::from(self.neurons > 0) {
                times[nth * stride..][..self.neurons].copy_from_slice(self.column(nth));
            }
            (self.stride, self.times) = (stride, times);
        }
        self.neurons = self.neurons.max(neurons);
    }

    /// The column of the spikes that are the `nth` newest, from zero.
    #[inline(always)]
    pub fn column(&self, nth: usize) -> &[f64] {
        &self.times[nth * self.stride..][..self.neurons]
    }

    /// Sets the times of neuron `i`, the newest first.
    pub fn set(&mut self, i: usize, times: &[f64; RECENT]) {
        let places = (i..self.times.len()).step_by(self.stride);
        for (place, time) in places.zip(times) {
            self.times[place] = *time;
        }
    }

    /// The times of all neurons.
    #[inline(always)]
    pub fn all(&self) -> SpikeTimes<'_> {
        SpikeTimes {
            list: &self.times,
            target: 1,
            older: self.stride,
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.times.capacity() * size_of::<f64>()
    }
}
