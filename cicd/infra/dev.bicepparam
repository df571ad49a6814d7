using './main.bicep'

param postgresPassword = readEnvironmentVariable('POSTGRES_PASSWORD')
param secretKey = readEnvironmentVariable('SECRET_KEY')
param apiToken = readEnvironmentVariable('API_TOKEN')
