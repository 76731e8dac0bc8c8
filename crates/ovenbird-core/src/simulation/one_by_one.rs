//! Connections one by one, where devices take part or kinds of nodes are mixed.

use super::connect::{METER_HINT, Sends, sends};
use super::devices::{Devices, Listening};
use super::maker::{Made, Maker};
use super::{DelayRange, Worker};
use crate::connect::{ConnSpec, RuleContext};
use crate::device::{Drive, DriveEntry};
use crate::error::{Error, Kind, Result};
use crate::event::ChannelKey;
use crate::model::{ElementType, Event, RecorderKind, Signal, SynapseKind};
use crate::node::Location;

impl Maker<'_> {
    /// Makes connections where devices take part, or kinds of nodes are mixed.
    pub fn make_one_by_one(
        &self,
        cx: &RuleContext<'_>,
        rule: &ConnSpec,
        split: &[u64],
        workers: &mut [Worker],
        devices: &mut Devices,
    ) -> Result<DelayRange> {
        let mut delays = DelayRange::default();
        self.for_each_made(cx, rule, split, |made| {
            self.place(made, workers, devices, &mut delays)
        })?;
        Ok(delays)
    }

    /// Makes one connection, whatever its ends are.
    fn place(
        &self,
        made: &Made,
        workers: &mut [Worker],
        devices: &mut Devices,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let (sf, s_at) = self.nodes.locate(made.source)?;
        let (tf, t_at) = self.nodes.locate(made.target)?;
        let from = sends(&*self.families[sf]);
        let target_kind = self.families[tf].info().element;
        let model = self.synapses[made.synapse].model;
        self.check_source(made.synapse, from, sf)?;
        // with its target; that to a device with its source, that between devices by the target's
        // id
        let here = match (target_kind, from) {
            (ElementType::Recorder, Sends::Spikes) => s_at.is_some(),
            (ElementType::Neuron, _) => t_at.is_some(),
            _ => self.nodes.is_here(made.target),
        };
        if from == Sends::Requests
            && !here
            && let Some(at) = s_at
        {
            devices.link(self.families, made.source, (sf, at.local));
        }
        match (from, target_kind) {
            (Sends::Spikes, ElementType::Neuron) => match t_at {
                Some(at) => self.add(made, tf, at, &mut workers[at.worker as usize], delays),
                None => Ok(()),
            },
            (Sends::Device(signal), ElementType::Neuron) => {
                let (Some(s_at), Some(t_at)) = (s_at, t_at) else {
                    return Ok(());
                };
                let worker = &mut workers[t_at.worker as usize];
                self.add_drive(made, signal, (sf, s_at), (tf, t_at), worker, delays)
            }
            (Sends::Spikes | Sends::Device(Signal::Spikes), ElementType::Recorder)
                if self.hears_spikes(tf) =>
            {
                self.check_recorder(made, tf)?;
                if here {
                    delays.note(made.delay);
                    devices.listening.push(Listening {
                        source: made.source,
                        recorder: made.target,
                        weight: made.weight,
                        delay: made.delay,
                        receptor: 0,
                        model,
                    });
                }
                Ok(())
            }
            (Sends::Requests, _) => match (here, s_at, t_at) {
                (true, Some(s_at), Some(t_at)) => {
                    delays.note(made.delay);
                    self.check_recordables(made, (sf, s_at), (tf, t_at), workers, devices)?;
                    self.add_sampling(made, (sf, s_at), devices)
                }
                _ => Ok(()),
            },
            _ => {
                let what = if from == Sends::Device(Signal::Currents) {
                    "current"
                } else {
                    "spike"
                };
                let target = &self.families[tf];
                let hint = match sends(&**target) {
                    Sends::Requests => METER_HINT,
                    _ => "",
                };
                Err(Error::illegal_connection(format!(
                    "The target node {} ({}) does not support {what} input.{hint}",
                    made.target,
                    target.name()
                )))
            }
        }
    }

    /// Notes that a recorder samples a node.
    fn add_sampling(
        &self,
        made: &Made,
        (family, at): (usize, Location),
        devices: &mut Devices,
    ) -> Result<()> {
        let recorder = devices.recorder_mut(self.families, family, at.local);
        if recorder.is_some_and(|r| !r.connected.insert(made.target)) {
            return Err(Error::illegal_connection(format!(
                "Each multimeter can only be connected once to a given node; node {} samples node \
                 {} already.",
                made.source, made.target
            )));
        }
        let receptor = devices.next_meter(made.target);
        devices.sampling.push(Listening {
            source: made.target,
            recorder: made.source,
            weight: made.weight,
            delay: made.delay,
            receptor,
            model: self.synapses[made.synapse].model,
        });
        Ok(())
    }

    /// Checks that a synapse can have a source that sends what `from` says.
    fn check_source(&self, synapse: usize, from: Sends, family: usize) -> Result<()> {
        let name = self.families[family].name();
        match self.kinds[synapse] {
            _ if from == Sends::Spikes => Ok(()),
            SynapseKind::GapJunction => Err(Error::illegal_connection(format!(
                "{name} cannot be connected with a gap junction."
            ))),
            SynapseKind::Static => Ok(()),
            SynapseKind::Stateful if self.infos[synapse].from_devices => Ok(()),
            SynapseKind::Stateful => Err(Error::illegal_connection(format!(
                "The target node or synapse model does not support spike input. A {name} cannot be \
                 the source of a {}.",
                self.infos[synapse].name
            ))),
        }
    }

    /// Checks that a connection can end on a spike recorder.
    fn check_recorder(&self, made: &Made, family: usize) -> Result<()> {
        let info = &self.infos[made.synapse];
        let name = self.families[family].name();
        if made.receptor != 0 {
            return Err(Error::new(
                Kind::UnknownReceptorType,
                format!(
                    "Receptor type {} is not available in {name} for spike input; it has 0",
                    made.receptor
                ),
            ));
        }
        if info.reads_history {
            return Err(Error::illegal_connection(format!(
                "The target node does not support STDP synapses. {name} keeps no spike history, \
                 which {} reads.",
                info.name
            )));
        }
        if info.stochastic {
            return Err(Error::new(
                Kind::NotImplemented,
                format!(
                    "A {} to a {name} is not available, since it would pass on only some of the \
                     spikes; put a parrot_neuron between them",
                    info.name
                ),
            ));
        }
        Ok(())
    }

    fn hears_spikes(&self, family: usize) -> bool {
        self.families[family]
            .recorders()
            .is_some_and(|r| r.kind() == RecorderKind::Spikes)
    }

    fn add_drive(
        &self,
        made: &Made,
        signal: Signal,
        (sf, s_at): (usize, Location),
        (tf, t_at): (usize, Location),
        worker: &mut Worker,
        delays: &mut DelayRange,
    ) -> Result<()> {
        let Some(ops) = self.families[tf].neurons() else {
            return Ok(());
        };
        let event = if signal == Signal::Spikes {
            Event::Spike
        } else {
            Event::Current
        };
        let class = ops.class(&worker.parts[tf], t_at.local);
        let port = self.port(made.synapse, tf, class, event, made.receptor)?;
        let model = self.synapses[made.synapse].model;
        let at = worker.drives.partition_point(|d| d.id < made.source);
        if worker.drives.get(at).is_none_or(|d| d.id != made.source) {
            let drive = Drive::new(made.source, sf, s_at.local);
            worker.drives.insert(at, drive);
        }
        let drive = &mut worker.drives[at];
        if drive.entries.first().is_some_and(|e| e.model != model) {
            return Err(Error::illegal_connection(
                "All outgoing connections from a device must use the same synapse type.",
            ));
        }
        delays.note(made.delay);
        ops.connected(&mut worker.parts[tf], &[t_at.local]);
        drive.push(DriveEntry {
            target: made.target,
            channel: ChannelKey {
                family: tf as u32,
                channel: port.channel(made.weight) as u32,
            },
            local: t_at.local,
            weight: made.weight,
            delay: made.delay,
            model,
            counts: port.counts,
            label: self.label(made),
            number: 0,
        });
        Ok(())
    }

    /// The label of a connection, -1 if it has none.
    fn label(&self, made: &Made) -> i32 {
        self.stateful[made.synapse].as_ref().map_or(-1, |s| {
            let words = if s.varying.is_empty() {
                &s.words
            } else {
                &made.words
            };
            words[s.ops.layout().label()] as i32
        })
    }

    fn check_recordables(
        &self,
        made: &Made,
        (sf, s_at): (usize, Location),
        (tf, t_at): (usize, Location),
        workers: &[Worker],
        devices: &Devices,
    ) -> Result<()> {
        let Some(recorder) = devices.recorder(self.families, sf, s_at.local) else {
            return Ok(());
        };
        let names = match self.families[tf].neurons() {
            Some(_) => {
                let part = &workers[t_at.worker as usize].parts[tf];
                self.families[tf].recordables(Some((part, t_at.local)))
            }
            None => self.families[tf].recordables(None),
        };
        if names.is_empty() || made.receptor != 0 {
            return Err(Error::illegal_connection(format!(
                "{} (node {}) has nothing to record on receptor {}.",
                self.families[tf].name(),
                made.target,
                made.receptor
            )));
        }
        for wanted in &recorder.sampling.record_from {
            if !names.contains(wanted) {
                let known = names.iter().map(String::as_str);
                let e = Error::unknown(Kind::IllegalConnection, "Recordable", wanted, known);
                let place = format!("Cannot connect with unknown recordable {wanted}");
                return Err(Error::illegal_connection(e.within(&place).message));
            }
        }
        Ok(())
    }
}
