//! Where a parameter is evaluated: the positions that its spatial leaves see.

/// Most dimensions of a space.
pub const MAX_DIMENSIONS: usize = 3;

/// Positions or vectors of many elements, a column per dimension. A column of length one holds the
/// value of all elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points<'a> {
    columns: [&'a [f64]; MAX_DIMENSIONS],
    dimensions: usize,
}

impl<'a> Points<'a> {
    /// One position for all elements.
    pub fn same(position: &'a [f64]) -> Self {
        Self::from_columns(position.chunks(1))
    }

    /// The columns of all dimensions; those beyond the third are left out.
    pub fn from_columns(columns: impl IntoIterator<Item = &'a [f64]>) -> Self {
        let mut points = Points {
            columns: [&[]; MAX_DIMENSIONS],
            dimensions: 0,
        };
        for (slot, column) in points.columns.iter_mut().zip(columns) {
            *slot = column;
            points.dimensions += 1;
        }
        points
    }

    /// The number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The column of a dimension, if it exists.
    pub fn column(&self, dimension: usize) -> Option<&'a [f64]> {
        self.columns[..self.dimensions].get(dimension).copied()
    }

    /// All columns.
    pub fn columns(&self) -> &[&'a [f64]] {
        &self.columns[..self.dimensions]
    }
}

/// The value of element `i` in a column.
pub(super) fn element(column: &[f64], i: usize) -> f64 {
    match column {
        [one] => *one,
        many => many[i],
    }
}

/// Where a parameter is evaluated: what its spatial leaves see.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// Positions of the nodes whose parameter is evaluated.
    pub node: Option<Points<'a>>,
    /// Positions of the sources of connections.
    pub source: Option<Points<'a>>,
    /// Positions of the targets of connections.
    pub target: Option<Points<'a>>,
    /// Vectors between source and target, by the shortest way in a space with periodic boundaries.
    /// Only lengths are taken of them, so their sign does not matter.
    pub displacement: Option<Points<'a>>,
}

/// Which parts of a [`Context`] an expression reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub node: bool,
    pub source: bool,
    pub target: bool,
    pub displacement: bool,
}

impl Needs {
    /// What either of two expressions reads.
    #[must_use]
    pub fn or(self, other: Needs) -> Needs {
        Needs {
            node: self.node || other.node,
            source: self.source || other.source,
            target: self.target || other.target,
            displacement: self.displacement || other.displacement,
        }
    }

    /// Whether anything is read.
    pub fn any(self) -> bool {
        self != Needs::default()
    }
}
