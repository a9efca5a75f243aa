//! Where a value stands in a content.

use std::fmt;

/// The place of a value in a content, such as `buttons[1].title`; an item is named by its index, from 0.
///
/// ```
/// use recado_core::message::FieldPath;
///
/// assert_eq!(FieldPath::item("buttons", 1).field("title").to_string(), "buttons[1].title");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(Vec<Segment>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A field of an object.
    Field(&'static str),
    /// An item of a list.
    Index(usize),
}

impl FieldPath {
    /// Creates the path of a field of the content itself.
    pub fn new(field: &'static str) -> Self {
        Self(vec![Segment::Field(field)])
    }

    /// Creates the path of an item of a list of the content.
    pub fn item(list: &'static str, index: usize) -> Self {
        Self(vec![Segment::Field(list), Segment::Index(index)])
    }

    /// Returns the path of a field of what this path leads to.
    #[must_use]
    pub fn field(mut self, field: &'static str) -> Self {
        self.0.push(Segment::Field(field));
        self
    }

    /// Returns the path of an item of a list in what this path leads to.
    #[must_use]
    pub fn nth(self, list: &'static str, index: usize) -> Self {
        let mut path = self.field(list);
        path.0.push(Segment::Index(index));
        path
    }

    /// Returns the steps, from the content on.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Field(field) if position == 0 => f.write_str(field)?,
                Segment::Field(field) => write!(f, ".{field}")?,
            }
        }
        Ok(())
    }
}
