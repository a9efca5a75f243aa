//! `Debug` that shows no more of a value than it may.

/// Implements `Debug` with these fields, so that a field that is added later stays hidden.
#[doc(hidden)]
#[macro_export]
macro_rules! shows_only {
    ($name:ident $(<$lifetime:lifetime>)? { $($field:ident),* }) => {
        impl ::std::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($name));
                $(shown.field(stringify!($field), &self.$field);)*
                shown.finish_non_exhaustive()
            }
        }
    };
}
