#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lameduck::readers::announced_call(bytes));
