//! Values that parts of the store keep in memory.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value of each type, made when it is first asked for.
///
/// The store holds it without knowing the types, so that it stands below the parts that have them.
#[derive(Default)]
pub(crate) struct Memory(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memory {
    pub(crate) fn of<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        // Nothing that panics is done under the lock.
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(T::default()));
        // The type is its key, so the value is of the type.
        Arc::clone(value).downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_each_type() {
        let memory = Memory::default();
        *memory.of::<Mutex<u8>>().lock().unwrap() = 7;
        assert_eq!(*memory.of::<Mutex<u8>>().lock().unwrap(), 7);
        assert_eq!(*memory.of::<Mutex<u16>>().lock().unwrap(), 0);
    }
}
