#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lameduck::readers::kubectl_complaint(bytes));
