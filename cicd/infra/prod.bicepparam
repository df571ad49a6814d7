using './main.bicep'

param planSku = 'P0v3'
param planInstances = 2
param postgresSku = { name: 'Standard_D2ds_v5', tier: 'GeneralPurpose' }
param postgresHighAvailability = 'ZoneRedundant'

param postgresPassword = readEnvironmentVariable('POSTGRES_PASSWORD')
param secretKey = readEnvironmentVariable('SECRET_KEY')
param apiToken = readEnvironmentVariable('API_TOKEN')
