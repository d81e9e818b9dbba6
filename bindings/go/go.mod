module mynah

go 1.22
