//! Closed sets of words: one row for each word.

/// Implements utoipa's traits for an enum of [`words!`], whose words a derive does not see.
macro_rules! schema_of_words {
    ($type:ident as $name:literal: $description:literal) => {
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .description(Some($description))
                    .enum_values(Some(Self::ALL.map(Self::as_str)))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}

/// Defines an enum whose variants are words in requests, answers and the database.
///
/// Each row has a variant and its word, so that no word can be missing in a second list. The enum has `ALL`,
/// `as_str`, `Display` and serde; with a name and a sentence for the error, in which `…` stands for the words, also
/// `FromStr`.
#[doc(hidden)]
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident $(: $error:ident($sentence:literal))? {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        $vis enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the documentation.
            $vis const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Their words.
            $vis const WORDS: [&'static str; Self::ALL.len()] = [$($word),+];

            /// Returns the word.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        $(
            #[doc = concat!("A text that is not one of the words of [`", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy, PartialEq, Eq, ::thiserror::Error)]
            #[error("{}", $sentence.replace('…', &$name::WORDS.join(", ")))]
            $vis struct $error;

            impl ::std::str::FromStr for $name {
                type Err = $error;

                fn from_str(text: &str) -> ::std::result::Result<Self, $error> {
                    let mut all = Self::ALL.into_iter();
                    all.find(|word| word.as_str() == text).ok_or($error)
                }
            }
        )?
    };
}
