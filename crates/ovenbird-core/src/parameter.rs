//! Parameters: values that are drawn or computed where they are used.
