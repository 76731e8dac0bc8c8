//! The table of kernel attributes: how each is read and set.

use super::models::MAX_SYNAPSE_MODELS;
use super::settings::{RNG_TYPES, check_buffer, locked, resize_log};
use super::{Memory, Phase, Settings, Simulation};
use crate::error::{Error, Kind, Result};
use crate::value::{Dict, Value};
use std::cell::OnceCell;

/// A simulation that is asked for attributes. Counting memory takes a walk over all connections, so
/// it is done when asked for, and once.
struct Asked<'a> {
    simulation: &'a Simulation,
    memory: OnceCell<Memory>,
}

impl Asked<'_> {
    fn settings(&self) -> &Settings {
        &self.simulation.settings
    }

    fn memory(&self) -> &Memory {
        self.memory.get_or_init(|| self.simulation.memory())
    }
}

type Read = fn(&Asked<'_>) -> Value;
type Write = fn(&Simulation, &mut Settings, &str, &Value) -> Result<()>;

/// How an attribute is set.
#[derive(Clone, Copy)]
enum Access {
    ReadOnly,
    /// By [`Simulation::set_status`], together with others on which it depends.
    Together,
    Alone(Write),
}

/// A kernel attribute. Those that are not read here are known to the front alone.
struct Attribute {
    name: &'static str,
    read: Option<Read>,
    access: Access,
}

const fn elsewhere(name: &'static str) -> Attribute {
    Attribute {
        name,
        read: None,
        access: Access::ReadOnly,
    }
}

const fn fixed(name: &'static str, read: Read) -> Attribute {
    Attribute {
        name,
        read: Some(read),
        access: Access::ReadOnly,
    }
}

const fn together(name: &'static str, read: Read) -> Attribute {
    Attribute {
        name,
        read: Some(read),
        access: Access::Together,
    }
}

const fn alone(name: &'static str, read: Read, write: Write) -> Attribute {
    Attribute {
        name,
        read: Some(read),
        access: Access::Alone(write),
    }
}

fn float(x: f64) -> Value {
    Value::Float(x)
}

fn count(n: usize) -> Value {
    Value::Int(n as i64)
}

fn steps(asked: &Asked<'_>, steps: u32) -> Value {
    float(asked.simulation.clock.ms(steps.into()))
}

fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> Value {
    Value::Strs(names.into_iter().map(str::to_owned).collect())
}

/// What only reports of the simulation.
const REPORTS: [Attribute; 43] = [
    fixed("T_max", |a| float(a.simulation.time_limit())),
    fixed("T_min", |a| float(-a.simulation.time_limit())),
    elsewhere("build_info"),
    fixed("connection_rules", |_| names(crate::connect::RULES)),
    fixed("growth_curves", |_| names(crate::model::GROWTH_CURVES)),
    elsewhere("kernel_status"),
    fixed("local_spike_counter", |a| {
        Value::Int(a.simulation.spike_count as i64)
    }),
    fixed("max_num_syn_models", |_| count(MAX_SYNAPSE_MODELS)),
    fixed("max_update_time", |a| float(a.simulation.timers.update.1)),
    fixed("memory_buffers", |a| count(a.memory().buffers)),
    fixed("memory_connections", |a| count(a.memory().connections)),
    fixed("memory_network", |a| count(a.memory().total())),
    fixed("memory_nodes", |a| count(a.memory().nodes)),
    elsewhere("memory_size"),
    fixed("min_update_time", |a| float(a.simulation.timers.update.0)),
    fixed("mpi_rank", |a| count(a.simulation.ranks.rank())),
    fixed("ms_per_tic", |a| {
        float(1.0 / a.simulation.clock.ticks_per_ms() as f64)
    }),
    fixed("network_size", |a| count(a.simulation.network_size())),
    fixed("node_models", |a| names(a.simulation.node_models())),
    fixed("num_connections", |a| count(a.simulation.num_connections())),
    fixed("num_processes", |a| count(a.simulation.ranks.count())),
    fixed("off_grid_spiking", |_| Value::Bool(false)),
    fixed("prepared", |a| {
        Value::Bool(a.simulation.phase == Phase::Prepared)
    }),
    fixed("recording_backends", |_| names(crate::record::BACKENDS)),
    fixed("recv_buffer_size_secondary_events", |_| count(0)),
    fixed("rng_types", |_| names(RNG_TYPES)),
    fixed("send_buffer_size_secondary_events", |_| count(0)),
    fixed("spike_buffer_resize_log", |_| Value::Dict(resize_log())),
    fixed("stimulation_backends", |_| names([])),
    fixed("synapse_models", |a| names(a.simulation.synapse_models())),
    fixed("tics_per_step", |a| {
        Value::Int(a.simulation.clock.ticks_per_step())
    }),
    fixed("time_communicate_prepare", |a| {
        float(a.simulation.timers.prepare.wall)
    }),
    fixed("time_communicate_prepare_cpu", |a| {
        float(a.simulation.timers.prepare.cpu)
    }),
    fixed("time_communicate_spike_data", |a| {
        float(a.simulation.timers.exchange)
    }),
    fixed("time_construction_connect", |a| {
        float(a.simulation.timers.connect.wall)
    }),
    fixed("time_construction_connect_cpu", |a| {
        float(a.simulation.timers.connect.cpu)
    }),
    fixed("time_construction_create", |a| {
        float(a.simulation.timers.create.wall)
    }),
    fixed("time_construction_create_cpu", |a| {
        float(a.simulation.timers.create.cpu)
    }),
    fixed("time_gather_secondary_data", |a| {
        float(a.simulation.timers.couple)
    }),
    fixed("time_gather_spike_data", |a| {
        float(a.simulation.timers.gather)
    }),
    fixed("time_simulate", |a| {
        float(a.simulation.timers.simulate.wall)
    }),
    fixed("time_simulate_cpu", |a| {
        float(a.simulation.timers.simulate.cpu)
    }),
    fixed("to_do", |_| count(0)),
];

/// What users set.
const OPTIONS: [Attribute; 22] = [
    together("biological_time", |a| {
        float(a.simulation.clock.ms(a.simulation.now()))
    }),
    alone("data_path", |a| text(&a.settings().data_path), set_path),
    alone(
        "data_prefix",
        |a| text(&a.settings().data_prefix),
        set_prefix,
    ),
    alone(
        "dict_miss_is_error",
        |a| Value::Bool(a.settings().dict_miss_is_error),
        |_, s, key, value| {
            s.dict_miss_is_error = value.as_bool(key)?;
            Ok(())
        },
    ),
    together("local_num_threads", |a| count(a.settings().threads)),
    together("max_delay", |a| steps(a, a.simulation.delays.range().1)),
    together("min_delay", |a| steps(a, a.simulation.delays.range().0)),
    alone(
        "overwrite_files",
        |a| Value::Bool(a.settings().overwrite_files),
        |_, s, key, value| {
            s.overwrite_files = value.as_bool(key)?;
            Ok(())
        },
    ),
    alone(
        "print_time",
        |a| Value::Bool(a.settings().print_time),
        |_, s, key, value| {
            s.print_time = value.as_bool(key)?;
            Ok(())
        },
    ),
    together("resolution", |a| float(a.simulation.clock.resolution())),
    alone(
        "rng_seed",
        |a| Value::Int(a.settings().rng_seed as i64),
        set_seed,
    ),
    alone(
        "rng_type",
        |a| text(RNG_TYPES[a.settings().rng_type]),
        set_rng_type,
    ),
    alone(
        "structural_plasticity_synapses",
        |a| a.simulation.grown_synapses_value(),
        |simulation, s, _, value| {
            s.grown_synapses = simulation.grown_synapses(value)?;
            Ok(())
        },
    ),
    alone(
        "structural_plasticity_update_interval",
        |a| float(a.settings().structural_plasticity_update_interval),
        set_structural_interval,
    ),
    together("tics_per_ms", |a| {
        float(a.simulation.clock.ticks_per_ms() as f64)
    }),
    together("total_num_virtual_procs", |a| {
        Value::Int(a.simulation.nodes.layout().vps().into())
    }),
    alone(
        "update_time_limit",
        |a| float(a.settings().update_time_limit),
        set_time_limit,
    ),
    alone(
        "use_wfr",
        |a| Value::Bool(a.settings().use_wfr),
        set_use_wfr,
    ),
    alone(
        "wfr_comm_interval",
        |a| float(a.settings().wfr_comm_interval),
        set_wfr_interval,
    ),
    alone(
        "wfr_interpolation_order",
        |a| Value::Int(a.settings().wfr_interpolation_order),
        set_wfr_order,
    ),
    alone(
        "wfr_max_iterations",
        |a| Value::Int(a.settings().wfr_max_iterations),
        set_wfr_iterations,
    ),
    alone("wfr_tol", |a| float(a.settings().wfr_tol), set_wfr_tol),
];

fn text(value: &str) -> Value {
    Value::Str(value.to_owned())
}

fn all() -> impl Iterator<Item = &'static Attribute> {
    REPORTS.iter().chain(&OPTIONS)
}

impl Simulation {
    /// All kernel attributes.
    pub fn status(&self) -> Dict {
        let asked = self.asked();
        let values = all().filter_map(|a| Some((a.name, a.read?(&asked))));
        let mut d: Dict = values.collect();
        d.0.extend(self.settings.inert.0.iter().cloned());
        d
    }

    /// One kernel attribute; `None` if there is none of this name.
    pub fn attribute(&self, name: &str) -> Option<Value> {
        let read = all().find(|a| a.name == name).and_then(|a| a.read);
        match read {
            Some(read) => Some(read(&self.asked())),
            None => self.settings.inert.get(name).cloned(),
        }
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            simulation: self,
            memory: OnceCell::new(),
        }
    }
}

/// Sets an attribute that depends on no others.
pub(super) fn set_one(
    simulation: &Simulation,
    s: &mut Settings,
    key: &str,
    value: &Value,
) -> Result<()> {
    match all().find(|a| a.name == key).map(|a| a.access) {
        Some(Access::Alone(write)) => return write(simulation, s, key, value),
        Some(Access::ReadOnly | Access::Together) => {
            return Err(Error::new(
                Kind::Value,
                format!("kernel attribute '{key}' can only be read"),
            ));
        }
        None => {}
    }
    let Some(old) = s.inert.get(key) else {
        let known = OPTIONS.iter().map(|a| a.name);
        return Err(Error::unknown(Kind::Value, "Kernel attribute", key, known));
    };
    let new = match old {
        Value::Float(_) => Value::Float(value.as_float(key)?),
        Value::Int(_) => Value::Int(value.as_int(key)?),
        Value::Bool(_) => Value::Bool(value.as_bool(key)?),
        _ => value.clone(),
    };
    check_buffer(key, &new)?;
    s.inert.set(key, new);
    Ok(())
}

fn set_path(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let path = value.as_str(key)?;
    if !path.is_empty() && !std::path::Path::new(path).is_dir() {
        return Err(Error::new(
            Kind::Io,
            format!("{key} '{path}' is not an existing folder"),
        ));
    }
    s.data_path = path.to_owned();
    Ok(())
}

fn set_prefix(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let prefix = value.as_str(key)?;
    if prefix.contains('/') {
        return Err(Error::bad_property(format!(
            "{key} must not contain '/', got '{prefix}'; use data_path for folders"
        )));
    }
    s.data_prefix = prefix.to_owned();
    Ok(())
}

fn set_seed(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let seed = value.as_int(key)?;
    if !(1..1 << 32).contains(&seed) {
        return Err(Error::bad_property(format!(
            "RNG seed must be in (0, 2^32-1), got {seed}"
        )));
    }
    s.rng_seed = seed as u64;
    Ok(())
}

fn set_rng_type(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let name = value.as_str(key)?;
    let known = RNG_TYPES.iter().position(|&t| t == name);
    s.rng_type = known.ok_or_else(|| {
        let what = "Random number generator";
        Error::unknown(Kind::BadProperty, what, name, RNG_TYPES)
    })?;
    Ok(())
}

fn set_structural_interval(
    _: &Simulation,
    s: &mut Settings,
    key: &str,
    value: &Value,
) -> Result<()> {
    let ms = value.as_float(key)?;
    if !ms.is_finite() || ms <= 0.0 {
        return Err(Error::bad_property(format!(
            "{key} must be positive, got {ms}"
        )));
    }
    s.structural_plasticity_update_interval = ms;
    Ok(())
}

fn set_time_limit(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let limit = value.as_float(key)?;
    if limit.is_nan() || limit <= 0.0 {
        return Err(Error::bad_property(format!("{key} must be > 0.")));
    }
    s.update_time_limit = limit;
    Ok(())
}

fn set_use_wfr(simulation: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let on = value.as_bool(key)?;
    if !simulation.nodes.is_empty() {
        return Err(locked(
            "Cannot enable/disable usage of waveform relaxation after nodes have been created. \
             Please call ResetKernel first.",
        ));
    }
    s.use_wfr = on;
    Ok(())
}

fn set_wfr_interval(
    simulation: &Simulation,
    s: &mut Settings,
    key: &str,
    value: &Value,
) -> Result<()> {
    if simulation.num_connections() > 0 {
        return Err(locked(&format!(
            "{key} cannot be changed once connections exist"
        )));
    }
    s.wfr_comm_interval = value.as_float(key)?;
    Ok(())
}

fn set_wfr_order(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let order = value.as_int(key)?;
    if ![0, 1, 3].contains(&order) {
        return Err(locked("Interpolation order must be 0, 1, or 3."));
    }
    s.wfr_interpolation_order = order;
    Ok(())
}

fn set_wfr_iterations(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let iterations = value.as_int(key)?;
    if iterations <= 0 {
        return Err(locked(&format!(
            "{key} must be positive; to do without iterations set use_wfr to False"
        )));
    }
    s.wfr_max_iterations = iterations;
    Ok(())
}

fn set_wfr_tol(_: &Simulation, s: &mut Settings, key: &str, value: &Value) -> Result<()> {
    let tol = value.as_float(key)?;
    if !tol.is_finite() || tol < 0.0 {
        return Err(locked(&format!(
            "{key} must be zero or positive, got {tol}"
        )));
    }
    s.wfr_tol = tol;
    Ok(())
}
