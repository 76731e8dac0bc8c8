//! What a call sets on neurons, and what becomes of them.

use super::{Class, NeuronPart, Row};
use crate::error::{Error, Result};
use crate::model::{
    Archive, ArchiveParams, Columns, Elements, FieldSpec, Neuron, NodeInfo, Table, Variable,
};
use crate::node::classes::Classes;
use crate::node::family::{Location, Part, SetContext, Setting, part_mut};
use crate::value::Value;

/// Keys whose change concerns calcium and what has grown with it so far.
const CALCIUM_KEYS: [&str; 5] = [
    "Ca",
    "tau_Ca",
    "beta_Ca",
    "synaptic_elements",
    "synaptic_elements_param",
];

/// What a call sets, by what it belongs to.
pub(super) struct Changes<'a, M: Neuron> {
    model: Vec<(&'static FieldSpec<M::Params>, &'a Setting)>,
    archive: Vec<(&'static FieldSpec<ArchiveParams>, &'a Setting)>,
    variables: Vec<(&'static Variable<M>, &'a Setting)>,
    calcium: Option<&'a Setting>,
    elements: Option<&'a Setting>,
    element_params: Option<&'a Setting>,
    /// Whether calcium, or what grows with it, is concerned.
    pub(super) grows: bool,
}

impl<'a, M: Neuron> Changes<'a, M> {
    pub(super) fn of(settings: &'a [(String, Setting)], info: &NodeInfo) -> Self {
        let mut changes = Changes {
            model: Vec::new(),
            archive: Vec::new(),
            variables: Vec::new(),
            calcium: None,
            elements: None,
            element_params: None,
            grows: false,
        };
        for (key, setting) in settings {
            changes.grows |= CALCIUM_KEYS.contains(&key.as_str());
            if let Some(field) = M::Params::field(key) {
                changes.model.push((field, setting));
            } else if let Some(field) = ArchiveParams::field(key) {
                changes.archive.push((field, setting));
            }
            let variable = M::variables().iter().find(|v| v.name == key);
            if let Some(variable) = variable.filter(|v| v.write.is_some()) {
                changes.variables.push((variable, setting));
            }
            if info.archives {
                match key.as_str() {
                    "Ca" => changes.calcium = Some(setting),
                    "synaptic_elements" => changes.elements = Some(setting),
                    "synaptic_elements_param" => changes.element_params = Some(setting),
                    _ => {}
                }
            }
        }
        changes
    }

    fn sets_parameters(&self) -> bool {
        !self.model.is_empty() || !self.archive.is_empty()
    }

    /// Whether all nodes get the same parameters.
    fn is_same(&self) -> bool {
        let mut model = self.model.iter().map(|(_, setting)| *setting);
        let mut archive = self.archive.iter().map(|(_, setting)| *setting);
        let same = |setting: &Setting| matches!(setting, Setting::Same(_));
        model.all(same) && archive.all(same)
    }

    /// The parameters of the node with index `i` among those that are set, checked.
    pub(super) fn class(&self, old: &Class<M::Params>, i: usize) -> Result<Class<M::Params>> {
        let mut new = old.clone();
        for (field, setting) in &self.model {
            (field.set)(&mut new.model, setting.of(i))?;
        }
        for (field, setting) in &self.archive {
            (field.set)(&mut new.archive, setting.of(i))?;
        }
        if new.model != old.model {
            M::check(&new.model)?;
        }
        Ok(new)
    }

    /// Brings what grows up to date, and changes it.
    pub(super) fn grow(
        &self,
        context: &SetContext,
        old: &ArchiveParams,
        i: usize,
        (archive, elements): (&mut Archive, &mut Elements),
    ) -> Result<()> {
        let (now, step) = (context.clock.ms(context.now), context.clock.resolution());
        archive.advance(elements, now, step, old);
        if let Some(setting) = self.calcium {
            let calcium = setting.of(i).as_float("Ca")?;
            if !calcium.is_finite() || calcium < 0.0 {
                return Err(Error::bad_property(format!(
                    "Calcium concentration cannot be negative or infinite, got {calcium}"
                )));
            }
            archive.calcium = calcium;
        }
        if let Some(setting) = self.elements {
            *elements = Elements::from_value(setting.of(i), context.strict)?;
        }
        if let Some(setting) = self.element_params {
            elements.update(setting.of(i), context.strict)?;
        }
        Ok(())
    }

    /// Fits the state to changed parameters, and changes it.
    pub(super) fn write(
        &self,
        (old, new): (&M::Params, &M::Params),
        i: usize,
        row: &mut Row<M>,
    ) -> Result<()> {
        if new != old {
            M::migrate(old, new, row);
        }
        for (variable, setting) in &self.variables {
            let value = setting.of(i);
            if let Value::Float(x) = value
                && !x.is_finite()
            {
                let key = variable.name;
                return Err(Error::bad_property(format!(
                    "{key} must be finite, got {x}"
                )));
            }
            if let Some(write) = variable.write {
                write(new, row, value)?;
            }
        }
        Ok(())
    }
}

/// What becomes of the nodes that are set, in their order.
pub(super) struct Plan<'a, M: Neuron> {
    changes: Changes<'a, M>,
    /// Whether all nodes get the same parameters, so that those with equal ones keep equal ones.
    is_same: bool,
    classes: Vec<Class<M::Params>>,
    /// The place of each node's parameters among `classes`, where parameters are set.
    class: Vec<u32>,
    /// What grows, where that is concerned.
    grown: Vec<(Archive, Elements)>,
    /// The state, where that is set.
    rows: Vec<Row<M>>,
    /// The parameters that the last node had.
    last: Option<u32>,
    added: usize,
}

impl<'a, M: Neuron> Plan<'a, M> {
    pub(super) fn new(changes: Changes<'a, M>) -> Self {
        Plan {
            is_same: changes.is_same(),
            changes,
            classes: Vec::new(),
            class: Vec::new(),
            grown: Vec::new(),
            rows: Vec::new(),
            last: None,
            added: 0,
        }
    }

    /// Adds the next node.
    ///
    /// # Errors
    /// When it cannot be changed like that.
    pub(super) fn add(
        &mut self,
        context: &SetContext,
        classes: &Classes<Class<M::Params>>,
        part: &NeuronPart<M>,
        local: usize,
    ) -> Result<()> {
        let i = self.added;
        self.added += 1;
        let old = classes.get(part.class[local]);
        let mut new = old;
        if self.changes.sets_parameters() {
            let place = self.add_class(part.class[local], old, i)?;
            new = &self.classes[place];
            let other = M::channels(&new.model) != M::channels(&old.model);
            if other && part.connected[local] {
                return Err(Error::bad_property(
                    "The neuron has connections, therefore the number of ports cannot be reduced.",
                ));
            }
        }
        if self.changes.grows {
            let (mut archive, mut elements) =
                (part.archive.row(local), part.archive.elements(local));
            let grown = (&mut archive, &mut elements);
            self.changes.grow(context, &old.archive, i, grown)?;
            self.grown.push((archive, elements));
        }
        if !self.changes.variables.is_empty() {
            let mut row = part.state.row(local);
            self.changes.write((&old.model, &new.model), i, &mut row)?;
            self.rows.push(row);
        }
        Ok(())
    }

    /// Adds the parameters of node `i`, which has had `old` with the index `class`; returns their place.
    fn add_class(&mut self, class: u32, old: &Class<M::Params>, i: usize) -> Result<usize> {
        let known = self.is_same && self.last == Some(class);
        self.last = Some(class);
        if !known {
            self.classes.push(self.changes.class(old, i)?);
        }
        let place = self.classes.len() - 1;
        self.class.push(place as u32);
        Ok(place)
    }

    /// Changes the nodes at the places that were added.
    pub(super) fn apply(
        self,
        classes: &mut Classes<Class<M::Params>>,
        parts: &mut [&mut Part],
        at: &[Location],
    ) {
        let new = self.classes.into_iter();
        let new: Vec<u32> = new.map(|c| classes.intern(c, Class::feed)).collect();
        let mut class = self.class.into_iter().map(|c| new[c as usize]);
        let (mut grown, mut rows) = (self.grown.into_iter(), self.rows.into_iter());
        for l in at {
            let part = part_mut::<NeuronPart<M>>(parts[l.worker as usize]);
            let local = l.local as usize;
            let old = part.class[local];
            let new = class.next().unwrap_or(old);
            part.class[local] = new;
            if let Some((archive, elements)) = grown.next() {
                part.archive.put(local, archive);
                part.archive.put_elements(local, elements);
            }
            if let Some(row) = rows.next() {
                part.state.put(local, row);
                continue;
            }
            let (old, new) = (&classes.get(old).model, &classes.get(new).model);
            if old != new {
                let mut row = part.state.row(local);
                M::migrate(old, new, &mut row);
                part.state.put(local, row);
            }
        }
    }
}
