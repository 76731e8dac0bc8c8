//! Nodes that are set by one call become what they become one by one.

use ovenbird::prelude::*;
use proptest::prelude::*;

const NODES: u32 = 7;

const MODELS: [&str; 3] = ["iaf_psc_alpha", "iaf_psc_exp", "hh_psc_alpha"];

/// Parameters, what plastic synapses read, and state. Potentials are kept relative to `E_L`.
const KEYS: [&str; 8] = [
    "C_m",
    "E_L",
    "tau_minus",
    "beta_Ca",
    "Ca",
    "V_m",
    "t_ref",
    "I_e",
];

#[derive(Clone, Debug)]
struct Call {
    nodes: Vec<u32>,
    /// For each key one value for all nodes, or one for each.
    values: Vec<(usize, bool, Vec<f64>)>,
}

fn call() -> impl Strategy<Value = Call> {
    let numbers = prop::collection::vec(prop_oneof![80 => 1.0..3.0, 1 => Just(-1.0)], 12);
    let values = prop::collection::vec((0..KEYS.len(), any::<bool>(), numbers), 1..4);
    let nodes = prop::collection::vec(1..=NODES, 1..12);
    (nodes, values).prop_map(|(nodes, values)| Call { nodes, values })
}

impl Call {
    fn all(&self) -> Dict {
        let n = self.nodes.len();
        let values = self.values.iter().map(|(key, each, x)| {
            let value = match each {
                true => Value::Floats(x[..n].to_vec()),
                false => x[0].into(),
            };
            (KEYS[*key], value)
        });
        values.collect()
    }

    fn one(&self, i: usize) -> Dict {
        let values = self.values.iter();
        let values = values.map(|(key, each, x)| (KEYS[*key], x[if *each { i } else { 0 }].into()));
        values.collect()
    }
}

/// Neurons that spike, on some threads.
fn neurons(model: &str, threads: i64) -> Simulation {
    let mut sim = ovenbird::simulation();
    let threads = dict([("local_num_threads", threads.into())]);
    sim.set_status(&threads).expect("threads");
    let ids = sim.create(model, i64::from(NODES)).expect("neurons").ids();
    let drive = dict([("I_e", 900.0.into())]);
    sim.set(&ids, &drive).expect("a current");
    sim
}

/// The status of all nodes.
fn status(sim: &Simulation) -> Vec<(String, Vec<Value>)> {
    let ids: Vec<u32> = (1..=NODES).collect();
    let groups = sim.groups(&ids).expect("nodes");
    let keys = sim.status_keys(&groups[0]);
    let columns = keys.into_iter().filter_map(|key| {
        let column = sim.get(&groups[0], &key)?;
        Some((key, (0..ids.len()).map(|i| column.at(i)).collect()))
    });
    columns.collect()
}

proptest! {
    #[test]
    fn one_call_for_many_nodes_is_one_for_each(
        model in prop::sample::select(&MODELS[..]),
        threads in 1i64..=3,
        calls in prop::collection::vec(call(), 1..5),
    ) {
        let new = || neurons(model, threads);
        let (mut together, mut apart) = (new(), new());
        for call in calls {
            let before = status(&together);
            let done = together.set(&call.nodes, &call.all());
            let mut tried = new();
            let fails = (0..call.nodes.len()).any(|i| tried.set(&[1], &call.one(i)).is_err());
            prop_assert_eq!(done.is_err(), fails, "{:?}", call);
            if fails {
                prop_assert_eq!(status(&together), before);
                continue;
            }
            for (i, node) in call.nodes.iter().enumerate() {
                apart.set(&[*node], &call.one(i)).expect("as together");
            }
            prop_assert_eq!(status(&together), status(&apart), "{:?}", call);
            together.simulate(12.0).expect("a run");
            apart.simulate(12.0).expect("a run");
        }
    }
}

/// What users read of the potential stays where `E_L` changes, alone or with other keys.
#[test]
fn potentials_stay_where_the_resting_potential_changes() -> ovenbird::Result<()> {
    for model in ["iaf_psc_alpha", "iaf_psc_exp", "iaf_psc_delta"] {
        for drive in [None, Some("I_e"), Some("tau_minus")] {
            let mut sim = ovenbird::simulation();
            let ids = sim.create(model, 3)?.ids();
            let potentials = Value::Floats(vec![-63.0, -64.0, -65.0]);
            sim.set(&ids, &dict([("V_m", potentials)]))?;
            let resting = Value::Floats(vec![-71.0, -72.0, -71.0]);
            let other = drive.map(|key| (key, 20.0.into()));
            sim.set(&ids, &[("E_L", resting)].into_iter().chain(other).collect())?;
            sim.set(&ids[1..2], &dict([("E_L", (-66.0).into())]))?;
            for group in sim.groups(&ids)? {
                for (key, wanted) in [
                    ("V_m", [-63.0, -64.0, -65.0]),
                    ("E_L", [-71.0, -66.0, -71.0]),
                ] {
                    let found = sim.get(&group, key).expect("a key");
                    let found: Vec<_> = (0..3).map(|i| found.at(i)).collect();
                    assert_eq!(found, wanted.map(Value::Float), "{key} of {model}");
                }
            }
        }
        let mut sim = ovenbird::simulation();
        sim.set_defaults(model, &dict([("V_m", (-63.0).into())]))?;
        sim.set_defaults(model, &dict([("E_L", (-72.0).into())]))?;
        let defaults = sim.defaults(model)?;
        assert_eq!(defaults.get("V_m"), Some(&Value::Float(-63.0)), "{model}");
    }
    Ok(())
}
