module mynah.test/smoke

go 1.19
