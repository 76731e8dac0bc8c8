//! Nodes that are set by one call become what they become one by one.

use ovenbird::prelude::*;
use proptest::prelude::*;

const NODES: u32 = 7;

/// Parameters, what plastic synapses read, and state; those that migrate among them.
const KEYS: [&str; 8] = [
    "C_m",
    "tau_m",
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

fn neurons() -> Simulation {
    let mut sim = ovenbird::simulation();
    sim.create("iaf_psc_alpha", i64::from(NODES))
        .expect("neurons");
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
    fn one_call_for_many_nodes_is_one_for_each(calls in prop::collection::vec(call(), 1..5)) {
        let (mut together, mut apart) = (neurons(), neurons());
        for call in calls {
            let before = status(&together);
            let done = together.set(&call.nodes, &call.all());
            let mut tried = neurons();
            let ids: Vec<u32> = (1..=NODES).collect();
            let fails = (0..call.nodes.len()).any(|i| tried.set(&ids[..1], &call.one(i)).is_err());
            prop_assert_eq!(done.is_err(), fails, "{:?}", call);
            if fails {
                prop_assert_eq!(status(&together), before);
                continue;
            }
            for (i, node) in call.nodes.iter().enumerate() {
                apart.set(&[*node], &call.one(i)).expect("as together");
            }
            prop_assert_eq!(status(&together), status(&apart), "{:?}", call);
        }
    }
}
