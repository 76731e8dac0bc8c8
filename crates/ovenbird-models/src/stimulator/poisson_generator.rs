//! # poisson_generator
//!
//! Sends spikes that follow a Poisson process, an independent one to each target. In each step the
//! number of spikes is drawn from the Poisson distribution with mean `rate` times the resolution.

use ovenbird_core::model::{ElementType, Emission, Moment, NodeInfo, Signal, Stimulator, Targets};
use ovenbird_core::rng::{PoissonDrive, PoissonSampler};
use ovenbird_core::time::Clock;

ovenbird_core::params! {
    /// Mean rate.
    rate: f64 = 0.0, "spikes/s", NON_NEGATIVE;
}

/// The stimulator model `poisson_generator`.
pub struct PoissonGenerator;

impl Stimulator for PoissonGenerator {
    type Params = Params;
    type Derived = PoissonSampler;
    type Cache = Option<PoissonDrive>;

    const INFO: NodeInfo = NodeInfo::new(
        "poisson_generator",
        ElementType::Stimulator,
        "Sends independent Poisson spike trains to its targets",
        include_str!("poisson_generator.rs"),
    );
    const SIGNAL: Signal = Signal::Spikes;

    fn derive(p: &Params, clock: &Clock) -> PoissonSampler {
        PoissonSampler::new(p.rate * clock.resolution() / 1000.0)
    }

    fn emit(
        p: &Params,
        sampler: &PoissonSampler,
        at: &Moment,
        targets: Targets<'_>,
        cache: &mut Option<PoissonDrive>,
        out: &mut [f64],
    ) -> Emission {
        if p.rate == 0.0 {
            return Emission::Silent;
        }
        let drive = cache.get_or_insert_with(|| {
            PoissonDrive::new(
                at.key,
                at.id,
                targets.ids.to_vec(),
                targets.occurrences.to_vec(),
            )
        });
        drive.counts(sampler, at.step as u64, out);
        Emission::Each
    }
}
