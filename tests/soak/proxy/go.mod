module rhumb/tests/soak/proxy

go 1.26.0
